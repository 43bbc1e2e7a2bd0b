import NIOCore
import NIOHTTP1
import SeawayServer

/// Answers the first request of a connection: with a WebSocket, or with why not.
final class EchoUpgrade: ChannelInboundHandler, RemovableChannelHandler {
    typealias InboundIn = HTTPServerRequestPart
    typealias OutboundOut = ByteBuffer

    private let core: WebSocketCore
    private var head: HTTPRequestHead?

    init(core: WebSocketCore) { self.core = core }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        switch Self.unwrapInboundIn(data) {
        case .head(let head): self.head = head
        case .body: break
        case .end:
            guard let head = self.head else { return }
            do throws(WebSocketHandshakeFault) {
                try self.upgrade(context, WebSocketHandshake(head))
            } catch {
                self.write(context, status: error.status, error.fields + [("content-length", "0")])
                context.close(mode: .output, promise: nil)
            }
        }
    }

    private func upgrade(
        _ context: ChannelHandlerContext, _ handshake: WebSocketHandshake
    ) throws(WebSocketHandshakeFault) {
        let accepted = try handshake.accept(
            subprotocol: handshake.subprotocols.first, deflate: self.core.configuration.deflate)
        self.write(context, status: 101, accepted.fields)
        let echo = Echo()
        let peer = WebSocketPeer(core: self.core, deflate: accepted.deflate, delegate: echo)
        echo.peer = peer
        context.pipeline.syncOperations.removeHandler(context: context, promise: nil)
        do {
            try context.channel.addWebSocketHandlers(peer)
        } catch {
            context.close(promise: nil)
        }
    }

    private func write(_ context: ChannelHandlerContext, status: Int, _ fields: [(name: String, value: String)]) {
        let reason = HTTPResponseStatus(statusCode: status).reasonPhrase
        let lines = fields.map { "\($0.name): \($0.value)\r\n" }.joined()
        let head = ByteBuffer(string: "HTTP/1.1 \(status) \(reason)\r\n\(lines)\r\n")
        context.writeAndFlush(Self.wrapOutboundOut(head), promise: nil)
    }
}

/// Sends back what comes, and reads no more than can be sent.
private final class Echo: WebSocketPeerDelegate {
    /// Until the connection has ended.
    var peer: WebSocketPeer?

    func received(_ message: WebSocketMessage) {
        switch message {
        case .text(let bytes): self.peer?.send(PreparedMessage(.text, bytes.readableBytesView, isShared: false))
        case .binary(let bytes): self.peer?.send(PreparedMessage(.binary, bytes.readableBytesView, isShared: false))
        }
    }

    func outputBlocked(_ isBlocked: Bool) { self.peer?.setReading(!isBlocked) }
    func dropped(_ reason: WebSocketDrop, count: Int) {}
    func closed(code: WebSocketCloseCode, reason: String) {}
    func connectionEnded() { self.peer = nil }
}

@available(*, unavailable)
extension EchoUpgrade: Sendable {}

@available(*, unavailable)
extension Echo: Sendable {}
