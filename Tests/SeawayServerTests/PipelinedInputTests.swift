import FoundationEssentials
import NIOCore
import NIOEmbedded
import SeawayMessage
import SeawayServer
import Testing

/// What comes behind the requests for which a connection has places (I20).
@Suite struct PipelinedInputTests {
    private static func held(by client: EmbeddedConnection) throws -> Int {
        try client.channel.pipeline.syncOperations.handler(type: PipelinedInput.self).size
    }

    private static func gets(_ numbers: Range<Int>) -> String {
        numbers.map { "GET /\($0) HTTP/1.1\r\nhost: a\r\n\r\n" }.joined()
    }

    /// Answers requests with the number in their path.
    private static func answerAll(_ count: Int, _ server: EmbeddedServer) {
        for index in 0..<count {
            let path = server.layer.requests[index]["path"]?.string ?? ""
            server.answer(index, ["status": 200, "content": .string(String(path.dropFirst()))])
        }
    }

    private static func contents(_ output: String) -> [Int] {
        output.components(separatedBy: "HTTP/1.1 200 OK\n").dropFirst().compactMap { answer in
            answer.components(separatedBy: "\n\n").last.flatMap { Int($0) }
        }
    }

    @Test("I20") func itIsHeldAsBytesAndAnsweredInOrder() throws {
        let server = EmbeddedServer()
        let client = try server.connect()
        let requests = Self.gets(0..<1_000)
        try client.send(requests)
        #expect(server.layer.requests.count == 16)
        // Of short requests, four thousand bytes at most are parsed at a time.
        #expect(try Self.held(by: client) == requests.utf8.count - 4_096)
        Self.answerAll(1_000, server)
        #expect(try Self.held(by: client) == 0)
        #expect(try Self.contents(client.answers()) == Array(0..<1_000))
        #expect(client.isOpen)
    }

    @Test("I20", arguments: ["content-length: 20000\r\n\r\n", "transfer-encoding: chunked\r\n\r\n4e20\r\n"])
    func whatStandsBehindABodyIsHeldToo(framing: String) throws {
        let server = EmbeddedServer { $0.maxPipelined = 2 }
        let client = try server.connect()
        let body = String(repeating: "x", count: 20_000) + (framing.hasPrefix("t") ? "\r\n0\r\n\r\n" : "")
        let requests = Self.gets(1..<1_000)
        try client.send("POST /0 HTTP/1.1\r\nhost: a\r\n" + framing + body + requests)
        #expect(server.layer.requests.count == 2)
        #expect(try Self.held(by: client) > requests.utf8.count - 16_384 - 4_096)
        #expect(server.layer.requests[0]["body"]?.bytes?.count == 20_000)
        Self.answerAll(1_000, server)
        #expect(try Self.contents(client.answers()) == Array(0..<1_000))
    }

    @Test("I20, I22") func theEndOfTheClientsSideComesBehindIt() throws {
        let server = EmbeddedServer { $0.maxPipelined = 2 }
        let client = try server.connect()
        try client.send(Self.gets(0..<1_000))
        client.channel.pipeline.fireUserInboundEventTriggered(ChannelEvent.inputClosed)
        Self.answerAll(999, server)
        #expect(client.isOpen)
        server.answer(999, ["status": 200, "content": "999"])
        server.run()
        let output = try client.answers()
        #expect(Self.contents(output).count == 1_000)
        #expect(!client.isOpen)
    }

    @Test("I21") func behindARefusalItIsForgotten() throws {
        let server = EmbeddedServer()
        let client = try server.connect()
        try client.send("NONSENSE\r\n\r\n" + Self.gets(0..<1_000))
        client.channel.pipeline.fireUserInboundEventTriggered(ChannelEvent.inputClosed)
        server.run()
        #expect(try client.output().hasPrefix("HTTP/1.1 400 "))
        #expect(server.layer.requests.isEmpty)
        #expect(!client.isOpen)
    }

    @Test func aClientThatLeavesTakesItAlong() throws {
        let server = EmbeddedServer()
        let client = try server.connect()
        try client.send(Self.gets(0..<1_000))
        let pipelined = try client.channel.pipeline.syncOperations.handler(type: PipelinedInput.self)
        client.leave()
        server.run()
        #expect(pipelined.size == 0)
        #expect(server.layer.requests.count == 16)
    }
}
