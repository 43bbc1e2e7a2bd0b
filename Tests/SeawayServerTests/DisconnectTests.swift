import SeawayMessage
import SeawayServer
import SeawayTesting
import TestSupport
import Testing

@Suite("A worker hears of the end of its request (I27)") struct DisconnectTests {
    static let own = "http.disconnect.k3f9x2ab!1"
    static let named: Message = ["disconnect_channel": .string(own)]

    static func started() throws -> (EmbeddedServer, EmbeddedConnection, String) {
        let server = EmbeddedServer()
        let client = try server.connect()
        try client.get("/moon")
        return (server, client, try #require(server.layer.replyChannel(0)))
    }

    /// What was sent to the worker's own channel.
    static func told(_ server: EmbeddedServer) -> [Message] {
        server.layer.sent.filter { $0.channel == Self.own && $0.ifHeard }.map(\.message)
    }

    static func message(_ reply: String, _ reason: String, path: String = "/moon") -> Message {
        ["reply_channel": .string(reply), "path": .string(path), "reason": .string(reason)]
    }

    @Test func whenTheClientLeaves() throws {
        let (server, client, reply) = try Self.started()
        server.answer(0, Self.named)
        #expect(try client.output() == "" && client.isOpen)
        client.leave()
        #expect(Self.told(server) == [Self.message(reply, "left")])
        #expect(server.layer.disconnects.map(\.channel) == ["http.disconnect", Self.own])
        #expect(server.layer.closed == [reply])
        #expect(server.core.counters.workersTold == 1)
    }

    @Test("In a message of the answer; the last one counts", arguments: [true, false])
    func theChannelMayStandInAPiece(isFirst: Bool) throws {
        let (server, client, reply) = try Self.started()
        if !isFirst { server.answer(0, ["disconnect_channel": "http.disconnect.other!7"]) }
        server.answer(
            0, ["status": 200, "more_content": true, "disconnect_channel": isFirst ? .string(Self.own) : nil])
        if !isFirst {
            server.answer(0, ["content": "x", "more_content": true, "disconnect_channel": .string(Self.own)])
        }
        client.leave()
        #expect(Self.told(server) == [Self.message(reply, "left")])
        #expect(server.layer.disconnects.count == 2)
    }

    @Test func aNoticeIsNoPartOfTheAnswer() throws {
        let (server, client, _) = try Self.started()
        server.answer(0, Self.named)
        server.pass(.seconds(119))
        server.answer(0, ["disconnect_channel": .string(Self.own), "status": nil, "content": nil, "more_content": nil])
        server.answer(0, ["status": 200, "content": "one ", "more_content": true])
        server.answer(0, Self.named)
        server.answer(0, ["content": "two", "offset": 4])
        #expect(try client.output().hasSuffix("4\r\none \r\n3\r\ntwo\r\n0\r\n\r\n"))
        client.leave()
        // Nothing is said of an answer that was sent whole.
        #expect(server.layer.disconnects.isEmpty && server.layer.closed.isEmpty)
    }

    @Test func aNoticeGivesNoMoreTime() throws {
        let (server, client, reply) = try Self.started()
        server.pass(.seconds(119))
        server.answer(0, Self.named)
        server.pass(.seconds(1))
        #expect(try client.output().hasPrefix("HTTP/1.1 504 "))
        #expect(Self.told(server) == [Self.message(reply, "timeout")])
        // The shared channel hears nothing of what the workers themselves have let happen.
        #expect(server.layer.disconnects.count == 1)
    }

    @Test func whenTheAnswerIsMalformed() throws {
        let (server, _, reply) = try Self.started()
        server.answer(0, Self.named)
        server.answer(0, ["status": 99])
        #expect(Self.told(server) == [Self.message(reply, "malformed")])
        #expect(server.layer.disconnects.count == 1)
    }

    @Test func whenTheClientTakesNothing() throws {
        let log = LogLines()
        let server = EmbeddedServer(log: log) { $0.accessLog = log.access() }
        let client = try server.connect()
        try client.get("/moon")
        server.answer(
            0, ["status": 200, "content": "1", "more_content": true, "disconnect_channel": .string(Self.own)])
        client.becomeSlow(true)
        server.pass(.seconds(60))
        #expect(!client.isOpen)
        let reply = try #require(server.layer.replyChannel(0))
        #expect(server.layer.disconnects.map(\.message) == Array(repeating: Self.message(reply, "stalled"), count: 2))
        #expect(
            log.lines == [
                "time is over client=192.0.2.7 limit=client-stall-timeout",
                "request client=192.0.2.7 method=GET scheme=http host=localhost path=/moon version=1.1 status=200 bytes=1"
                    + " ms=60000.000 first_ms=0.000 channel=http.request cut=stalled",
                "answer cut off channel=http.request path=/moon why=stalled",
            ])
        #expect(server.core.counters.stalledRequests == 1 && server.core.counters.stalledClients == 1)
    }

    @Test("I25") func whenTheGraceIsOver() throws {
        let (server, client, reply) = try Self.started()
        server.answer(0, Self.named)
        _ = server.core.drain()
        #expect(client.isOpen)
        server.core.abort()
        #expect(server.layer.disconnects.map(\.message) == Array(repeating: Self.message(reply, "shutdown"), count: 2))
        #expect(server.core.counters.shutdownRequests == 1)
    }

    @Test func whenTheMailboxIsLost() throws {
        let (server, _, reply) = try Self.started()
        server.answer(0, Self.named)
        server.layer.happen(.lost(name: server.core.mailboxName))
        #expect(Self.told(server) == [Self.message(reply, "lost")])
    }

    @Test("I14") func whenTheAnswerCanHaveNoContent() throws {
        let server = EmbeddedServer()
        let client = try server.connect()
        try client.send("HEAD /moon HTTP/1.1\r\nhost: a\r\n\r\n")
        server.answer(0, Self.named)
        server.answer(0, ["status": 200, "content": "1", "more_content": true])
        #expect(Self.told(server) == [Self.message(try #require(server.layer.replyChannel(0)), "over")])
    }

    /// The broker has taken it before it heard that the channel is closed, so the worker was not told `gone`.
    @Test func aNoticeThatCrossesTheEndIsAnswered() throws {
        let (server, client, reply) = try Self.started()
        client.leave()
        server.answer(0, Self.named)
        #expect(Self.told(server) == [Self.message(reply, "over", path: "")])
        #expect(server.core.counters.lateAnswers == 1)
    }

    @Test(arguments: [
        "", "http.disconnect", "http.disconnect.k3f9!", "http.disconnect.!1", "http.disconnect.a", "http.request",
        "http.disconnect.a!1!2", "http.response.a!1", "http.disconnect.a b!1", "websocket.send.a!1",
        "xhttp.disconnect.a!1",
    ])
    func anotherNameIsMalformed(name: String) throws {
        let (server, client, _) = try Self.started()
        server.answer(0, ["disconnect_channel": .string(name)])
        #expect(try client.output().hasPrefix("HTTP/1.1 502 "))
        #expect(server.layer.sent.count == 1)
    }

    @Test func aValueOfAnotherTypeIsMalformed() throws {
        let (server, client, _) = try Self.started()
        server.answer(0, ["disconnect_channel": 1])
        #expect(try client.output().hasPrefix("HTTP/1.1 502 "))
    }
}

@Suite("An answer that is cut by the server is told (I17, I19, I29)") struct CutAnswerTests {
    static let hello: Message = ["status": 200, "content": "hello"]

    /// Slower than every limit, and yet not cut.
    @Test func aSteadySlowReaderIsNeverCut() throws {
        let server = EmbeddedServer()
        let client = try server.connect()
        try client.get("/", "connection: close\r\n")
        client.becomeSlow(true)
        server.answer(0, ["status": 200, "content": "1", "more_content": true])
        for _ in 0..<10 {
            server.pass(.seconds(59))
            #expect(client.isOpen)
            client.takeSome()
        }
        server.pass(.seconds(1))
        server.pass(.seconds(59))
        #expect(client.isOpen)
        server.pass(.seconds(1))
        #expect(!client.isOpen)
        #expect(server.core.counters.stalledClients == 1)
    }

    @Test("Its worker was done with it", arguments: [1_000, 0])
    func anAnswerThatWasCompleteIsToldToo(held: Int) throws {
        let log = LogLines()
        let server = EmbeddedServer(log: log)
        let client = try server.connect()
        try client.get("/moon")
        client.becomeSlow(true, held: held)
        server.answer(0, Self.hello)
        server.pass(.seconds(60))
        #expect(!client.isOpen)
        #expect(server.core.counters.stalledClients == 1)
        // What the kernel holds it goes on sending.
        #expect(log.lines.first == "time is over client=192.0.2.7 limit=client-stall-timeout")
        guard held > 0 else { return #expect(server.layer.disconnects.isEmpty && log.lines.count == 1) }
        let reply = try #require(server.layer.replyChannel(0))
        #expect(server.layer.disconnects.map(\.message) == [DisconnectTests.message(reply, "stalled")])
        #expect(log.lines.dropFirst() == ["answer cut off channel=http.request path=/moon why=stalled"])
    }

    @Test("I20") func anAnswerThatWaitsForItsTurnIsToldToo() throws {
        let server = EmbeddedServer()
        let client = try server.connect()
        try client.get("/a")
        try client.get("/b")
        client.becomeSlow(true)
        server.answer(1, Self.hello)
        server.answer(0, ["status": 200, "content": "1", "more_content": true])
        server.pass(.seconds(60))
        #expect(!client.isOpen)
        #expect(server.layer.disconnects.map { $0.message["path"] } == ["/a", "/b"])
        #expect(server.layer.disconnects.allSatisfy { $0.message["reason"] == "stalled" })
    }

    @Test("I25") func aServerThatLeavesDoesNotCutWhatIsBeingTaken() throws {
        let server = EmbeddedServer()
        let client = try server.connect()
        try client.get("/moon")
        client.becomeSlow(true)
        server.answer(0, Self.hello)
        server.pass(.milliseconds(250))
        // An embedded channel that ends its side ends whole, but without having dropped anything.
        _ = server.core.drain()
        #expect(server.layer.disconnects.isEmpty)
    }

    @Test func aStreamThatItsWorkerLetsDownIsLogged() throws {
        let log = LogLines()
        let server = EmbeddedServer(log: log) { $0.accessLog = log.access() }
        let client = try server.connect()
        try client.get("/moon")
        server.answer(0, ["status": 200, "content": "1", "more_content": true])
        server.pass(.seconds(120))
        #expect(!client.isOpen)
        #expect(
            log.lines == [
                "time is over client=192.0.2.7 limit=http-timeout path=/moon",
                "request client=192.0.2.7 method=GET scheme=http host=localhost path=/moon version=1.1 status=200 bytes=1"
                    + " ms=120000.000 first_ms=0.000 channel=http.request cut=timeout",
                "answer cut off channel=http.request path=/moon why=timeout",
            ])
    }
}
