import NIOCore
import NIOPosix
import SeawayMessage
import SeawayServer
import SeawayTesting
import TestSupport
import Testing

/// A server on two event loops over one ``FakeLayer``, whose workers accept every socket and send back what comes.
struct LoopSite {
    let server: SocketServer
    var layer: FakeLayer { self.server.layer }

    static func run(
        _ configure: (inout ServerConfiguration) -> Void = { _ in }, _ body: (LoopSite) async throws -> Void
    ) async throws {
        let group = MultiThreadedEventLoopGroup(numberOfThreads: 2)
        let result: Result<Void, any Error>
        do {
            let layer = Self.layer()
            try await SocketServer.run(
                layer,
                { configuration in
                    configuration.sockets.wire.deflate.isEnabled = false
                    configure(&configuration)
                }, on: group
            ) { try await body(LoopSite(server: $0)) }
            result = .success(())
        } catch {
            result = .failure(error)
        }
        try await group.shutdownGracefully()
        try result.get()
    }

    private static func layer() -> FakeLayer {
        FakeLayer(worker: { layer, sent in
            guard let reply = sent.message["reply_channel"]?.string else { return }
            switch sent.message["type"]?.string {
            case "websocket.connect": layer.deliver(["accept": true], to: [reply])
            case "websocket.receive": layer.deliver(["text": sent.message["text"] ?? ""], to: [reply])
            case nil: layer.deliver(["status": 200, "content": sent.message["path"] ?? ""], to: [reply])
            default: break
            }
        })
    }

    /// The send channels of all sockets that have come, in their order.
    var channels: [String] {
        self.layer.sent.filter { $0.message["type"] == "websocket.connect" }
            .compactMap { $0.message["reply_channel"]?.string }
    }

    /// Does something with each of so many clients, whose connections the loops have in turn, while the others are
    /// there.
    ///
    /// - Parameters:
    ///   - begin: with each as it comes.
    ///   - whenAllAreThere: once.
    ///   - end: with each, the last first; then it leaves.
    func clients(
        _ count: Int, begin: (inout RawClient) async throws -> Void,
        whenAllAreThere: () async throws -> Void, end: (inout RawClient) async throws -> Void
    ) async throws {
        guard count > 0 else { return try await whenAllAreThere() }
        try await self.server.connect { client in
            try await begin(&client)
            try await self.clients(count - 1, begin: begin, whenAllAreThere: whenAllAreThere, end: end)
            try await end(&client)
        }
    }

    /// The same with open WebSockets.
    func sockets(
        _ count: Int, whenAllAreThere: () async throws -> Void, end: (inout RawClient) async throws -> Void
    ) async throws {
        try await self.clients(count, begin: { try await $0.upgrade() }, whenAllAreThere: whenAllAreThere, end: end)
    }

    /// All samples of the metrics with a name, or a name and a reason; who asks for ever ends with its test.
    func metric(_ name: String) async throws -> Int? {
        try Task.checkCancellation()
        let line = try await self.server.server.metrics().get().text.split(separator: "\n").first {
            $0.hasPrefix("\(name) ")
        }
        return line.flatMap { Int($0.dropFirst(name.count + 1)) }
    }
}

extension RawClient {
    /// Opens a WebSocket, or is refused.
    ///
    /// - Returns: the head of the answer.
    @discardableResult mutating func upgrade() async throws -> String {
        try await self.send(
            """
            GET /live HTTP/1.1\r
            host: localhost\r
            upgrade: websocket\r
            connection: Upgrade\r
            sec-websocket-version: 13\r
            sec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r
            \r

            """)
        return try await self.read(until: "\r\n\r\n")
    }

    /// One request on the connection, which stays open.
    mutating func get(_ path: String) async throws -> String {
        try await self.send("GET \(path) HTTP/1.1\r\nhost: a\r\n\r\n")
        return try await self.read(until: "\r\n\r\n\(path)")
    }
}
