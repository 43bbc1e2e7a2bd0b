import NIOCore
import NIOEmbedded
import SeawayServer

/// One WebSocket without a socket, and with a clock that the test moves.
final class EmbeddedPeer {
    let channel: EmbeddedChannel
    let core: WebSocketCore
    let peer: WebSocketPeer
    let user = User()
    private let loop: EmbeddedEventLoop
    private let side = Side()
    private var now = Moment(milliseconds: 0)

    convenience init(
        policy: OutboxPolicy? = nil, deflate: DeflateParameters? = nil,
        _ configure: (inout WebSocketConfiguration) -> Void = { _ in }
    ) throws {
        var configuration = WebSocketConfiguration()
        configure(&configuration)
        let loop = EmbeddedEventLoop()
        let core = WebSocketCore(configuration: configuration, eventLoop: loop, now: Moment(milliseconds: 0))
        try self.init(core, loop, policy, deflate)
    }

    /// Another socket of the same server.
    convenience init(beside other: EmbeddedPeer) throws { try self.init(other.core, other.loop, nil, nil) }

    private init(
        _ core: WebSocketCore, _ loop: EmbeddedEventLoop, _ policy: OutboxPolicy?, _ deflate: DeflateParameters?
    ) throws {
        self.core = core
        core.reads.later = { loop, _, body in loop.execute(body) }
        core.input.later = { loop, _, body in loop.execute(body) }
        self.loop = loop
        self.channel = EmbeddedChannel(loop: loop)
        self.peer = WebSocketPeer(core: core, policy: policy, deflate: deflate, delegate: self.user)
        self.user.peer = self.peer
        try self.channel.pipeline.syncOperations.addHandler(self.side)
        self.channel.connect(to: try SocketAddress(ipAddress: "192.0.2.7", port: 50_312), promise: nil)
        try self.channel.addWebSocketHandlers(self.peer)
    }

    var isConnected: Bool { self.channel.isActive }
    /// The server has ended its side.
    var sideHasEnded: Bool { self.side.hasEnded }
    /// How often the server has asked for more bytes.
    var reads: Int { self.side.reads }

    func receive(_ frames: ClientFrame...) throws { try self.receive(frames.flatMap(\.bytes)) }

    func receive(_ bytes: [UInt8]) throws {
        _ = try self.channel.writeInbound(ByteBuffer(bytes: bytes))
        self.loop.run()
    }

    func send(_ texts: String...) {
        for text in texts { self.peer.send(PreparedMessage(.text, text.utf8, isShared: true)) }
    }

    func pass(_ time: Duration) {
        self.now = self.now + time
        self.core.sweep(at: self.now)
        self.loop.run()
    }

    func becomeWritable(_ isWritable: Bool) {
        self.channel.isWritable = isWritable
        self.channel.pipeline.fireChannelWritabilityChanged()
        self.loop.run()
    }

    func hangUp() {
        self.channel.close(promise: nil)
        self.loop.run()
    }

    /// All frames that the server has sent since the last call.
    func frames() throws -> [ServerFrame] { ServerFrame.all(in: try self.writes().flatMap { $0 }) }

    /// All that the server has written since the last call, write by write.
    func writes() throws -> [[UInt8]] {
        self.loop.run()
        var writes: [[UInt8]] = []
        while let buffer = try self.channel.readOutbound(as: ByteBuffer.self) {
            writes.append(Array(buffer.readableBytesView))
        }
        return writes
    }

    /// Writes down what a peer tells.
    final class User: WebSocketPeerDelegate {
        enum Event: Hashable {
            case text(String)
            case binary([UInt8])
            case blocked(Bool)
            case dropped(WebSocketDrop, Int)
            case closed(UInt16, String)
            case ended
        }

        private(set) var events: [Event] = []
        weak var peer: WebSocketPeer?
        var onMessage: (WebSocketPeer) -> Void = { _ in }

        func received(_ message: WebSocketMessage) {
            switch message {
            case .text(let bytes): self.events.append(.text(String(buffer: bytes)))
            case .binary(let bytes): self.events.append(.binary(Array(bytes.readableBytesView)))
            }
            if let peer = self.peer { self.onMessage(peer) }
        }

        func outputBlocked(_ isBlocked: Bool) { self.events.append(.blocked(isBlocked)) }
        func dropped(_ reason: WebSocketDrop, count: Int) { self.events.append(.dropped(reason, count)) }
        func closed(code: WebSocketCloseCode, reason: String) { self.events.append(.closed(code.rawValue, reason)) }
        func connectionEnded() { self.events.append(.ended) }
    }

    /// Ends one side without the other, which an `EmbeddedChannel` cannot.
    private final class Side: ChannelOutboundHandler {
        typealias OutboundIn = ByteBuffer
        var hasEnded = false
        var reads = 0

        func read(context: ChannelHandlerContext) {
            self.reads += 1
            context.read()
        }

        func close(context: ChannelHandlerContext, mode: CloseMode, promise: EventLoopPromise<Void>?) {
            guard mode == .output else { return context.close(mode: mode, promise: promise) }
            self.hasEnded = true
            promise?.succeed()
        }
    }
}
