import Logging
import NIOCore
import NIOPosix
import SeawayMessage
import SeawayNIO
import SeawayServer
import SeawayTesting
import TestSupport
import Testing

/// A client that knows nothing of HTTP: it sends bytes and waits for bytes.
struct RawClient: ~Copyable {
    private let outbound: NIOAsyncChannelOutboundWriter<ByteBuffer>
    private var inbound: NIOAsyncChannelInboundStream<ByteBuffer>.AsyncIterator
    private var unread = ""

    private init(
        _ inbound: NIOAsyncChannelInboundStream<ByteBuffer>, _ outbound: NIOAsyncChannelOutboundWriter<ByteBuffer>
    ) {
        self.inbound = inbound.makeAsyncIterator()
        self.outbound = outbound
    }

    /// Connects, and closes when the body returns.
    static func connect(
        to address: SocketAddress, _ body: (inout RawClient) async throws -> Void
    ) async throws {
        let channel = try await ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            // So that a server's end is seen, not answered: what comes after it is the point of some tests.
            .channelOption(.allowRemoteHalfClosure, value: true)
            .connect(to: address) { channel in
                channel.eventLoop.makeCompletedFuture {
                    try NIOAsyncChannel<ByteBuffer, ByteBuffer>(
                        wrappingChannelSynchronously: channel,
                        configuration: .init(isOutboundHalfClosureEnabled: true))
                }
            }
        try await channel.executeThenClose { inbound, outbound in
            var client = RawClient(inbound, outbound)
            try await body(&client)
        }
    }

    func send(_ text: String) async throws { try await self.outbound.write(ByteBuffer(string: text)) }

    func send(_ bytes: [UInt8]) async throws { try await self.outbound.write(ByteBuffer(bytes: bytes)) }

    /// Ends the client's sending side.
    func finish() { self.outbound.finish() }

    /// Everything up to and including a text.
    mutating func read(until end: String) async throws -> String {
        while true {
            if let range = self.unread.firstRange(of: end) {
                let text = String(self.unread[..<range.upperBound])
                self.unread.removeSubrange(..<range.upperBound)
                return text
            }
            let buffer = try #require(try await self.inbound.next(), "the connection ended after \(self.unread)")
            self.unread += String(buffer: buffer)
        }
    }

    /// Everything up to the end of the connection.
    mutating func readToEnd() async throws -> String {
        while let buffer = try await self.inbound.next() { self.unread += String(buffer: buffer) }
        return self.unread
    }
}

/// A server with real sockets over a ``FakeLayer``.
struct SocketServer {
    let layer: FakeLayer
    let server: InterfaceServer
    let address: SocketAddress
    let log: LogLines

    /// Starts one, and shuts it down when the body returns.
    ///
    /// - Parameter loops: what it runs on; `nil`: any one.
    static func run(
        _ layer: FakeLayer, _ configure: (inout ServerConfiguration) -> Void = { _ in },
        on loops: (any EventLoopGroup)? = nil, _ body: (SocketServer) async throws -> Void
    ) async throws {
        var configuration = ServerConfiguration()
        configuration.listen(on: 0)
        configuration.allowAllTime()
        configure(&configuration)
        let log = LogLines()
        let group = loops ?? MultiThreadedEventLoopGroup.singleton.next()
        let server = InterfaceServer(
            configuration: configuration, group: group, layers: group.makeIterator().map { _ in layer },
            logger: log.logger)
        let address = try await server.start()[0]
        do {
            try await body(SocketServer(layer: layer, server: server, address: address, log: log))
        } catch {
            await server.shutdown(grace: .zero)
            throw error
        }
        await server.shutdown(grace: .zero)
    }

    func connect(_ body: (inout RawClient) async throws -> Void) async throws {
        try await RawClient.connect(to: self.address, body)
    }
}

extension ServerConfiguration {
    /// What is late on a busy machine is not what tests over real sockets are about: where it is, they say so.
    fileprivate mutating func allowAllTime() {
        let hour = Duration.seconds(3_600)
        self.headTimeout = hour
        self.bodyTimeout = hour
        self.minBodyRate = 0
        self.keepAliveTimeout = hour
        self.sockets.wire.pingInterval = hour
        self.sockets.wire.silenceTimeout = hour
        self.sockets.wire.closeTimeout = hour
    }

    /// At a port of the loopback address.
    mutating func listen(on port: Int) { self.addresses = [.tcp(ListenPlace(host: "127.0.0.1", port: port))] }
}

extension FakeLayer {
    /// Workers that answer each request with its path.
    static func echo() -> FakeLayer {
        FakeLayer(worker: { layer, sent in
            guard let reply = sent.message["reply_channel"]?.string, let path = sent.message["path"]?.string,
                sent.channel == "http.request"
            else { return }
            layer.deliver(["status": 200, "content": .string("<\(path)>")], to: [reply])
        })
    }

    /// A worker that reads one body, asking for so many bytes at a time, and answers with their number.
    static func reader(window: Int) -> FakeLayer {
        FakeLayer(worker: { layer, sent in
            guard let reply = layer.replyChannel(0) else { return }
            guard let offset = sent.message["offset"]?.int, let content = sent.message["content"]?.bytes else {
                return layer.deliver(["body_wanted": .int(Int64(window))], to: [reply])
            }
            let end = offset + Int64(content.count)
            if sent.message["more_content"]?.bool == true {
                layer.deliver(["body_wanted": .int(end + Int64(window))], to: [reply])
            } else {
                layer.deliver(["status": 200, "content": .string("\(end)")], to: [reply])
            }
        })
    }
}
