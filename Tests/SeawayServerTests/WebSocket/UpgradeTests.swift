import NIOCore
import NIOEmbedded
import NIOHTTP1
import SeawayNIO
import SeawayServer
import SeawayTesting
import TestSupport
import Testing

@Suite("From HTTP to WebSocket") struct UpgradeTests {
    private static let request =
        "GET / HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
        + "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"

    /// Whether the worker's answer is there at once, or later.
    enum Answer: CaseIterable, Sendable { case atOnce, later }

    @Test(arguments: Cut.allCases, Answer.allCases)
    func whatComesBehindTheRequestIsNotLost(cut: Cut, answer: Answer) throws {
        let loop = EmbeddedEventLoop()
        let core = WebSocketCore(
            configuration: WebSocketConfiguration(), eventLoop: loop, now: Moment(milliseconds: 0))
        let user = EmbeddedPeer.User()
        let channel = EmbeddedChannel(loop: loop)
        let upgrade = Upgrade(WebSocketPeer(core: core, deflate: nil, delegate: user), answer)
        let pipeline = channel.pipeline.syncOperations
        try pipeline.addHandler(RequestDecoder.handler())
        try pipeline.addHandler(upgrade)
        channel.connect(to: try SocketAddress(ipAddress: "192.0.2.7", port: 50_312), promise: nil)
        let frames = ClientFrame.text("first").bytes + ClientFrame.binary([1, 2, 3]).bytes
        for piece in cut.pieces(of: Array(Self.request.utf8) + frames) {
            _ = try channel.writeInbound(ByteBuffer(bytes: piece))
            if answer == .atOnce { loop.run() }
        }
        try upgrade.answerNow()
        loop.run()
        _ = try channel.writeInbound(ByteBuffer(bytes: ClientFrame.text("last").bytes))
        #expect(user.events == [.text("first"), .binary([1, 2, 3]), .text("last")])
        #expect((try? pipeline.handler(type: ByteToMessageHandler<RequestDecoder>.self)) == nil)
        channel.close(promise: nil)
        loop.run()
        #expect(user.events.last == .ended)
    }

    /// A socket whose client left during the handshake ends like any other.
    @Test func aClientThatLeftEarlierIsReported() throws {
        let loop = EmbeddedEventLoop()
        let core = WebSocketCore(
            configuration: WebSocketConfiguration(), eventLoop: loop, now: Moment(milliseconds: 0))
        let user = EmbeddedPeer.User()
        let peer = WebSocketPeer(core: core, deflate: nil, delegate: user)
        let channel = EmbeddedChannel(loop: loop)
        peer.send(PreparedMessage(.text, "early".utf8, isShared: false))
        try channel.addWebSocketHandlers(peer)
        _ = try? channel.finish()
        loop.run()
        #expect(user.events == [.dropped(.unsent, 1), .closed(1_006, ""), .ended])
        #expect(core.counters.openSockets == 0)
    }

    private final class Upgrade: ChannelInboundHandler, RemovableChannelHandler {
        typealias InboundIn = HTTPServerRequestPart

        private let peer: WebSocketPeer
        private let answer: Answer
        private var context: ChannelHandlerContext?

        init(_ peer: WebSocketPeer, _ answer: Answer) {
            self.peer = peer
            self.answer = answer
        }

        func channelRead(context: ChannelHandlerContext, data: NIOAny) {
            guard case .end = Self.unwrapInboundIn(data) else { return }
            self.context = context
            if self.answer == .atOnce { try? self.answerNow() }
        }

        func answerNow() throws {
            guard let context = self.context.take() else { return }
            context.pipeline.syncOperations.removeHandler(context: context, promise: nil)
            try context.channel.addWebSocketHandlers(self.peer)
        }
    }
}
