import NIOCore
import NIOPosix
import NIOWebSocket
import SeawayServer

/// WebSockets over real sockets, without the opening handshake.
struct PeerServer: Sendable {
    /// What a user of a peer does; called on its loop.
    protocol User: WebSocketPeerDelegate {
        init(_ socket: Socket)
    }

    /// What a user is given.
    final class Socket {
        weak var peer: WebSocketPeer?
        let server: Shared
        init(server: Shared) { self.server = server }
    }

    /// What all users of one server know.
    final class Shared {
        weak var paused: WebSocketPeer?
    }

    /// Client and server, so that nothing in a test changes threads.
    private static let loop = MultiThreadedEventLoopGroup.singleton.next()

    let address: SocketAddress

    static func run<Delegate: User>(
        _ user: Delegate.Type, _ configure: (inout WebSocketConfiguration) -> Void = { _ in },
        _ body: (PeerServer) async throws -> Void
    ) async throws {
        var configuration = WebSocketConfiguration()
        configure(&configuration)
        let limits = configuration
        let acceptor = try await self.loop.flatSubmit {
            let core = WebSocketCore(configuration: limits, eventLoop: self.loop, now: Moment(milliseconds: 0))
            let bound = NIOLoopBound((core, Shared()), eventLoop: self.loop)
            return ServerBootstrap(group: self.loop)
                .childChannelInitializer { channel in
                    channel.eventLoop.makeCompletedFuture {
                        let (core, shared) = bound.value
                        let socket = Socket(server: shared)
                        let peer = WebSocketPeer(core: core, deflate: nil, delegate: Delegate(socket))
                        socket.peer = peer
                        try channel.addWebSocketHandlers(peer)
                    }
                }
                .bind(host: "127.0.0.1", port: 0)
        }.get()
        guard let address = acceptor.localAddress else { throw ChannelError.unknownLocalAddress }
        do {
            try await body(PeerServer(address: address))
        } catch {
            try await acceptor.close()
            throw error
        }
        try await acceptor.close()
    }

    func connect(_ body: (inout PeerClient) async throws -> Void) async throws {
        let channel = try await ClientBootstrap(group: Self.loop)
            // So that the server's end is seen, not answered.
            .channelOption(.allowRemoteHalfClosure, value: true)
            .connect(to: self.address) { channel in
                channel.eventLoop.makeCompletedFuture {
                    let decoder = ByteToMessageHandler(WebSocketFrameDecoder(maxFrameSize: 1 << 24))
                    try channel.pipeline.syncOperations.addHandlers([WebSocketFrameEncoder(), decoder])
                    return try NIOAsyncChannel<WebSocketFrame, WebSocketFrame>(
                        wrappingChannelSynchronously: channel,
                        configuration: .init(isOutboundHalfClosureEnabled: true))
                }
            }
        try await channel.executeThenClose { inbound, outbound in
            var client = PeerClient(
                channel: channel.channel, inbound: inbound.makeAsyncIterator(), outbound: outbound)
            try await body(&client)
        }
    }
}

/// A client with NIO's own frames.
struct PeerClient: ~Copyable {
    fileprivate let channel: any Channel
    fileprivate var inbound: NIOAsyncChannelInboundStream<WebSocketFrame>.AsyncIterator
    /// Kept, since its end would be the end of the client's side.
    fileprivate let outbound: NIOAsyncChannelOutboundWriter<WebSocketFrame>

    /// Sends without waiting for room.
    func send(_ opcode: WebSocketOpcode, _ payload: ByteBuffer) {
        let frame = WebSocketFrame(fin: true, opcode: opcode, maskKey: .random(), data: payload)
        self.channel.writeAndFlush(frame, promise: nil)
    }

    /// Whether all that was sent has left this process, or nearly.
    func hasSentAll() async throws -> Bool {
        try await self.channel.eventLoop.submit { [channel] in channel.isWritable }.get()
    }

    /// The server's next frame; `nil` at the end of the connection.
    mutating func next() async throws -> WebSocketFrame? { try await self.inbound.next() }
}
