import NIOCore
import NIOWebSocket
import SeawayServer
import Testing

/// Over real sockets, with NIO's own frames on the client's side.
@Suite("One WebSocket and its connection", .timeLimit(.minutes(1))) struct PeerSocketTests {
    @Test func messagesOfAllSizesComeBack() async throws {
        try await PeerServer.run(Echo.self) { server in
            try await server.connect { client in
                for count in [0, 1, 125, 126, 65_535, 65_536, 1_048_576] {
                    let payload = ByteBuffer(repeating: UInt8(count % 251), count: count)
                    client.send(.binary, payload)
                    let frame = try await client.next()
                    #expect(frame?.opcode == .binary && frame?.fin == true && frame?.data == payload)
                }
                for count in 0..<1_000 { client.send(.text, ByteBuffer(string: "\(count)")) }
                for count in 0..<1_000 {
                    let frame = try await client.next()
                    #expect(frame?.opcode == .text && frame?.data == ByteBuffer(string: "\(count)"))
                }
            }
        }
    }

    @Test func theServerEndsTheConnectionAfterTheHandshake() async throws {
        try await PeerServer.run(Echo.self) { server in
            try await server.connect { client in
                let bye = ByteBuffer(bytes: [0x03, 0xE8] + Array("bye".utf8))
                client.send(.text, ByteBuffer(string: "last"))
                client.send(.connectionClose, bye)
                let frame = try await client.next()
                #expect(frame?.data == ByteBuffer(string: "last"))
                let close = try await client.next()
                #expect(close?.opcode == .connectionClose && close?.data == bye)
                let end = try await client.next()
                #expect(end == nil)
            }
        }
    }

    @Test func aFaultIsToldAlthoughMoreComes() async throws {
        try await PeerServer.run(Echo.self) { server in
            try await server.connect { client in
                client.send(.text, ByteBuffer(bytes: [0xFF]))
                for _ in 0..<100 { client.send(.binary, ByteBuffer(repeating: 0, count: 65_536)) }
                let close = try await client.next()
                #expect(close?.opcode == .connectionClose && close?.data.getInteger(at: 0) == UInt16(1_007))
                let end = try await client.next()
                #expect(end == nil)
            }
        }
    }

    /// Were it read all the same, the client would be cut at 100,000 bytes.
    @Test func aClientThatIsNotReadStalls() async throws {
        try await PeerServer.run(Pausing.self, { $0.maxHeldInput = 100_000 }) { server in
            try await server.connect { client in
                for count in 0..<300 {
                    client.send(.binary, ByteBuffer(repeating: UInt8(count % 251), count: 65_536))
                }
                let frame = try await client.next()
                #expect(frame?.data == ByteBuffer(bytes: [0]))
                #expect(try await client.hasSentAll() == false)
                try await server.connect { other in
                    other.send(.text, ByteBuffer(string: "go on"))
                    for count in 1..<300 {
                        let frame = try await client.next()
                        #expect(frame?.data == ByteBuffer(bytes: [UInt8(count % 251)]))
                    }
                }
                #expect(try await client.hasSentAll())
            }
        }
    }

    @Test func aSenderThatHeedsTheClientLosesNothing() async throws {
        try await PeerServer.run(Flooding.self) { server in
            try await server.connect { client in
                client.send(.text, ByteBuffer(string: "begin"))
                for count in 0..<Flooding.messages {
                    let frame = try await client.next()
                    #expect(frame?.data == ByteBuffer(repeating: UInt8(count % 251), count: 10_000))
                }
            }
        }
    }

    /// Sends everything back.
    private final class Echo: PeerServer.User {
        private let socket: PeerServer.Socket
        init(_ socket: PeerServer.Socket) { self.socket = socket }

        func received(_ message: WebSocketMessage) {
            let kind: PreparedMessage.Kind = if case .text = message { .text } else { .binary }
            self.socket.peer?.send(PreparedMessage(kind, message.bytes.readableBytesView, isShared: false))
        }
        func outputBlocked(_ isBlocked: Bool) { self.socket.peer?.setReading(!isBlocked) }
        func dropped(_ reason: WebSocketDrop, count: Int) { Issue.record("\(count) dropped: \(reason)") }
        func closed(code: WebSocketCloseCode, reason: String) {}
        func connectionEnded() {}
    }

    /// Answers each message with its first byte, and reads nothing after the first until a text comes on another
    /// socket.
    private final class Pausing: PeerServer.User {
        private let socket: PeerServer.Socket
        init(_ socket: PeerServer.Socket) { self.socket = socket }

        func received(_ message: WebSocketMessage) {
            guard case .binary(let bytes) = message else {
                self.socket.server.paused?.setReading(true)
                return
            }
            self.socket.peer?.send(PreparedMessage(.binary, bytes.readableBytesView.prefix(1), isShared: false))
            guard self.socket.server.paused == nil else { return }
            self.socket.server.paused = self.socket.peer
            self.socket.peer?.setReading(false)
        }
        func outputBlocked(_ isBlocked: Bool) {}
        func dropped(_ reason: WebSocketDrop, count: Int) {}
        func closed(code: WebSocketCloseCode, reason: String) {}
        func connectionEnded() {}
    }

    /// Sends 20 MB, as fast as they are taken.
    private final class Flooding: PeerServer.User {
        static let messages = 2_000
        private var sent = 0
        private var isBlocked = false
        private let socket: PeerServer.Socket
        init(_ socket: PeerServer.Socket) { self.socket = socket }

        func received(_ message: WebSocketMessage) { self.goOn() }
        func outputBlocked(_ isBlocked: Bool) {
            self.isBlocked = isBlocked
            self.goOn()
        }
        func dropped(_ reason: WebSocketDrop, count: Int) { Issue.record("\(count) dropped: \(reason)") }
        func closed(code: WebSocketCloseCode, reason: String) {}
        func connectionEnded() {}

        private func goOn() {
            while !self.isBlocked, self.sent < Self.messages {
                self.sent += 1
                let payload = [UInt8](repeating: UInt8((self.sent - 1) % 251), count: 10_000)
                self.socket.peer?.send(PreparedMessage(.binary, payload, isShared: false))
            }
        }
    }
}
