import SeawayMessage
import SeawayServer
import SeawayTesting
import TestSupport
import Testing

@Suite("WebSockets over real connections", .timeLimit(.minutes(1))) struct RealSocketTests {
    private static let upgrade = """
        GET /live HTTP/1.1\r
        host: localhost\r
        upgrade: websocket\r
        connection: Upgrade\r
        sec-websocket-version: 13\r
        sec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r
        \r

        """

    /// Workers that accept each socket and send back what comes.
    private static func echo(accepting: Message = ["accept": true]) -> FakeLayer {
        FakeLayer(worker: { layer, sent in
            guard let reply = sent.message["reply_channel"]?.string else { return }
            switch sent.message["type"]?.string {
            case "websocket.connect": layer.deliver(accepting, to: [reply])
            case "websocket.receive": layer.deliver(["text": sent.message["text"] ?? ""], to: [reply])
            default: break
            }
        })
    }

    private static func ends(_ layer: FakeLayer) -> [Int64] { layer.sent.compactMap(\.code) }

    @Test("W5, W10") func aKilledConnectionIsOneDisconnect() async throws {
        let layer = Self.echo()
        try await SocketServer.run(layer) { server in
            try await server.connect { client in
                try await client.send(Array(Self.upgrade.utf8) + ClientFrame.text("at once").bytes)
                let head = try await client.read(until: "\r\n\r\n")
                #expect(head.hasPrefix("HTTP/1.1 101 "))
                _ = try await client.read(until: "at once")
                try await client.send(ClientFrame.text("hello").bytes)
                _ = try await client.read(until: "hello")
            }
            while Self.ends(layer).isEmpty { _ = try await server.server.counters() }
            try await server.server.sweep(later: .seconds(7_200))
            #expect(Self.ends(layer) == [1_006] && layer.sent.compactMap(\.order) == [0, 1, 2, 3])
        }
    }

    @Test("W8") func aRefusalClosesTheConnection() async throws {
        try await SocketServer.run(Self.echo(accepting: ["accept": false, "status": 401])) { server in
            try await server.connect { client in
                try await client.send(Self.upgrade)
                let answer = try await client.readToEnd()
                #expect(answer.hasPrefix("HTTP/1.1 401 ") && answer.contains("connection: close\r\n"))
            }
        }
    }

    @Test("W13") func aBrowserThatReadsNothingHoldsItsSendersBackAndGetsAll() async throws {
        let layer = Self.echo()
        let piece = String(repeating: "x", count: 65_536)
        try await SocketServer.run(layer, { $0.sockets.wire.deflate.isEnabled = false }) { server in
            try await server.connect { client in
                try await client.send(Self.upgrade)
                _ = try await client.read(until: "\r\n\r\n")
                let channel = try #require(layer.sent.first?.message["reply_channel"]?.string)
                var sent = 0
                while layer.paused.isEmpty {
                    layer.deliver(["text": .string(piece)], to: [channel])
                    sent += 1
                    _ = try await server.server.counters()
                    try #require(sent < 1_000, "never held back")
                }
                for _ in 0..<sent { _ = try await client.read(until: piece) }
                while layer.resumed.isEmpty { _ = try await server.server.counters() }
                #expect(layer.paused == [channel] && layer.resumed == [channel])
            }
        }
    }

    @Test("W23") func aServerThatLeavesSaysSo() async throws {
        let layer = Self.echo()
        try await SocketServer.run(layer) { server in
            try await server.connect { client in
                try await client.send(Self.upgrade)
                _ = try await client.read(until: "\r\n\r\n")
                async let isDown: Void = server.server.shutdown(grace: .seconds(30))
                // The length of a close, and its code.
                _ = try await client.read(until: "\u{02}\u{03}")
                try await client.send(ClientFrame.close(1_001).bytes)
                _ = try await client.readToEnd()
                await isDown
            }
            #expect(Self.ends(layer) == [1_001])
        }
    }
}
