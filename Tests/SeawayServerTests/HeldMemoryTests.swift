import NIOCore
import SeawayMessage
import SeawayServer
import SeawayTesting
import Testing

/// What a server counts as held for its clients, and what it refuses when that is too much (I35, I36, I37).
@Suite struct HeldMemoryTests {
    private static let hello: Message = ["status": 200, "content": "hello"]

    private static func gets(_ count: Int) -> String {
        String(repeating: "GET / HTTP/1.1\r\nhost: a\r\n\r\n", count: count)
    }

    @Test("I35") func bodiesCountAsTheyComeAndNotAsTheyAreAnnounced() throws {
        let server = EmbeddedServer { $0.bodyInline = 1 << 20 }
        let client = try server.connect()
        try client.send("POST / HTTP/1.1\r\nhost: a\r\ncontent-length: 1000000\r\n\r\n")
        #expect(server.core.memory.bytes(of: .bodies) == 0)
        try client.send(String(repeating: "x", count: 1_000))
        #expect(server.core.memory.bytes(of: .bodies) == 1_000)
        client.leave()
        #expect(server.core.memory.used == 0)
    }

    @Test("I35") func headsThatAreNotWholeAndRequestsThatWaitCount() throws {
        let server = EmbeddedServer()
        let half = try server.connect()
        let head = "GET / HTTP/1.1\r\nx: \(String(repeating: "x", count: 1_000))"
        try half.send(head)
        #expect(server.core.memory.bytes(of: .input) == head.utf8.count)
        try half.send("\r\nhost: a\r\n\r\n")
        #expect(server.core.memory.bytes(of: .input) == 0)
        let pipelining = try server.connect()
        try pipelining.send(Self.gets(2_000))
        #expect(server.core.memory.bytes(of: .input) > 2_000 * 20)
        pipelining.leave()
        #expect(server.core.memory.bytes(of: .input) == 0)
    }

    @Test("I35") func outputAndAnswersThatWaitCount() throws {
        let server = EmbeddedServer()
        let client = try server.connect()
        try client.send(Self.gets(2))
        server.answer(1, Self.hello)
        #expect(server.core.memory.bytes(of: .answers) > 0)
        client.becomeSlow(true, held: 70_000)
        server.answer(0, Self.hello)
        #expect(server.core.memory.bytes(of: .answers) == 0)
        #expect(server.core.memory.bytes(of: .output) == 70_000)
        client.becomeSlow(false)
        #expect(server.core.memory.bytes(of: .output) == 0)
    }

    @Test("I36") func aBodyBeyondTheShareIsRefusedAndASmallRequestIsNot() throws {
        let server = EmbeddedServer {
            $0.maxMemory = 1 << 20
            $0.bodyInline = 1 << 20
        }
        let greedy = try server.connect(from: "192.0.2.66")
        try greedy.send("POST / HTTP/1.1\r\nhost: a\r\ncontent-length: 1000000\r\n\r\n")
        for _ in 0..<16 where greedy.isOpen { try greedy.send(String(repeating: "x", count: 60_000)) }
        let output = try greedy.output()
        #expect(output.hasPrefix("HTTP/1.1 503 ") && output.contains("\r\nretry-after: 1\r\n"))
        #expect(!greedy.isOpen && server.core.counters.noMemory == 1)
        #expect(server.core.memory.bytes(of: .bodies) == 0)
    }

    @Test("I36") func whoHoldsLittleIsServedBesideWhoHoldsAllItMay() throws {
        let server = EmbeddedServer {
            $0.maxMemory = 1 << 20
            $0.bodyInline = 1 << 20
        }
        let greedy = try server.connect()
        try greedy.send("POST / HTTP/1.1\r\nhost: a\r\ncontent-length: 1000000\r\n\r\n")
        try greedy.send(String(repeating: "x", count: 700_000))
        #expect(greedy.isOpen)
        let other = try server.connect()
        try other.get()
        server.answer(0, Self.hello)
        #expect(try other.output().hasPrefix("HTTP/1.1 200 "))
        #expect(server.core.counters.noMemory == 0)
    }

    @Test("I20, I37") func nothingIsTakenBehindAnswersThatTheClientDoesNotTake() throws {
        let server = EmbeddedServer()
        let client = try server.connect()
        client.becomeSlow(true)
        try client.send(Self.gets(3))
        #expect(server.layer.requests.isEmpty && !client.reads)
        client.becomeSlow(false)
        server.run()
        #expect(server.layer.requests.count == 3)
    }

    @Test("I37") func requestsBehindOthersWaitForTheirTurnAndFirstOnesDoNot() throws {
        let server = EmbeddedServer()
        let many = try (0..<10).map { _ in try server.connect() }
        for client in many { try client.send(Self.gets(16)) }
        // Each has its first taken; of the others, only as many as there is time for in one turn.
        let taken = server.layer.requests.count
        #expect(taken > 10 && taken < 10 + 16 * 4)
        let newcomer = try server.connect()
        try newcomer.get("/new")
        #expect(server.layer.requests.last?["path"]?.string == "/new")
        server.run()
        #expect(server.layer.requests.count == 161)
    }

    @Test("I37") func requestsBehindOthersWaitForTheBroker() throws {
        let server = EmbeddedServer(layer: FakeLayer { _, _ in nil }) { $0.maxUnsettled = 4 }
        let client = try server.connect()
        try client.send(Self.gets(16))
        server.run()
        #expect(server.layer.requests.count <= 5)
        let newcomer = try server.connect()
        try newcomer.get("/new")
        #expect(server.layer.requests.last?["path"]?.string == "/new")
        for _ in 0..<10 {
            server.layer.answerHeld(.done)
            server.run()
        }
        #expect(server.layer.requests.count == 17)
    }

    @Test("I18") func aForgedAnswerIsNotReadAndNothingIsClosed() throws {
        let server = EmbeddedServer()
        let client = try server.connect()
        try client.get()
        let forged = (server.layer.replyChannel(0) ?? "") + "x"
        server.layer.deliver(["status": "malformed"], to: [forged])
        server.run()
        #expect(server.core.counters.unknownAnswers == 1 && server.core.counters.malformedAnswers == 0)
        server.answer(0, Self.hello)
        #expect(try client.output().hasPrefix("HTTP/1.1 200 "))
    }
}
