import NIOCore
import NIOEmbedded
import SeawayMessage
import SeawayServer
import SeawayTesting
import TestSupport
import Testing

@Suite("The end of a client's sending side (I30)") struct ClientEndTests {
    static func at(_ milliseconds: Int64) -> Moment { Moment(milliseconds: milliseconds) }

    @Test func whoeverWaitsForLongIsAskedOnce() {
        var end = ClientEnd()
        let delay = Duration.milliseconds(500)
        #expect(end.probe(.notBegun(isHTTP10: false), delay: delay, isOpen: false, at: Self.at(9_000)) == nil)
        end.came(at: Self.at(1_000))
        end.came(at: Self.at(1_400))
        #expect(end.hasCome)
        #expect(end.probe(.notBegun(isHTTP10: false), delay: delay, isOpen: false, at: Self.at(1_499)) == nil)
        // What is on its way tells as much.
        #expect(end.probe(.notBegun(isHTTP10: false), delay: delay, isOpen: true, at: Self.at(1_500)) == nil)
        #expect(end.probe(.notBegun(isHTTP10: false), delay: delay, isOpen: false, at: Self.at(1_500)) == .interim)
        #expect(end.probe(.begun(.chunked), delay: delay, isOpen: false, at: Self.at(9_000)) == nil)
    }

    @Test(arguments: [
        (ClientEnd.Answer.notBegun(isHTTP10: true), ClientEnd.Probe?.none), (.begun(.chunked), .leadingZero),
        (.begun(.untilClose), nil), (.begun(.length(5)), nil),
    ])
    func nothingIsWrittenThatTheAnswerDoesNotHold(answer: ClientEnd.Answer, probe: ClientEnd.Probe?) {
        var end = ClientEnd()
        end.came(at: Self.at(0))
        #expect(end.probe(answer, delay: .zero, isOpen: false, at: Self.at(0)) == probe)
    }

    static func ended(_ connection: EmbeddedConnection) {
        connection.channel.pipeline.fireUserInboundEventTriggered(ChannelEvent.inputClosed)
    }

    @Test func itsRequestsAreAnsweredAndTheConnectionEnds() throws {
        let server = EmbeddedServer()
        let client = try server.connect()
        try client.get("/a")
        try client.get("/b")
        Self.ended(client)
        #expect(client.isOpen)
        server.answer(0, ["status": 200, "content": "1"])
        #expect(try !client.output().contains("connection: close"))
        server.answer(1, ["status": 200, "content": "2"])
        #expect(try client.output().contains("connection: close"))
        #expect(!client.isOpen && server.layer.disconnects.isEmpty)
    }

    @Test func withoutARequestItIsTheEnd() throws {
        let server = EmbeddedServer()
        let client = try server.connect()
        Self.ended(client)
        #expect(!client.isOpen)
        #expect(try client.output() == "")
    }

    @Test("A WebSocket ends with it, and so does a request for one", arguments: [false, true])
    func aWebSocketIsNotAskedFor(behindAnother: Bool) throws {
        let server = EmbeddedServer(sockets: true)
        let client = try server.connect()
        if behindAnother { try client.get() }
        try client.get(
            "/live",
            "connection: upgrade\r\nupgrade: websocket\r\nsec-websocket-version: 13\r\n"
                + "sec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\n")
        Self.ended(client)
        if behindAnother {
            server.answer(0, ["status": 200, "content": "1"])
            #expect(try client.output().hasSuffix("\r\n\r\n1"))
            #expect(!server.layer.sent.contains { $0.channel == "websocket.connect" })
        }
        #expect(!client.isOpen)
    }

    @Test func aRequestThatIsNotWholeIsRefused() throws {
        let server = EmbeddedServer()
        for part in ["GE", "GET / HTTP/1.1\r\nhost: a\r\n", "POST / HTTP/1.1\r\nhost: a\r\ncontent-length: 2\r\n\r\n1"]
        {
            let client = try server.connect()
            try client.send(part)
            Self.ended(client)
            #expect(try client.output().contains("The request is not complete.\n"), "\(part)")
            #expect(!client.isOpen)
        }
        #expect(server.core.counters.badRequests == 3 && server.layer.sent.isEmpty)
    }

    @Test func theServerLooksWhetherItIsThere() throws {
        let server = EmbeddedServer()
        let client = try server.connect()
        try client.get()
        Self.ended(client)
        server.pass(.milliseconds(250))
        #expect(try client.output() == "")
        server.pass(.milliseconds(250))
        #expect(try client.output() == "HTTP/1.1 100 Continue\r\n\r\n")
        server.pass(.seconds(10))
        #expect(try client.output() == "")
        server.answer(0, ["status": 200, "content": "1", "more_content": true])
        #expect(try client.output().hasSuffix("1\r\n1\r\n"))
        client.leave()
        #expect(server.layer.disconnects.count == 1)
    }

    @Test func aStreamIsAskedByAZero() throws {
        let server = EmbeddedServer()
        let client = try server.connect()
        try client.get()
        server.answer(0, ["status": 200, "content": "1", "more_content": true])
        server.pass(.milliseconds(250))
        Self.ended(client)
        server.pass(.milliseconds(500))
        server.answer(0, ["content": "2"])
        #expect(try client.output().hasSuffix("\r\n\r\n1\r\n1\r\n01\r\n2\r\n0\r\n\r\n"))
        #expect(!client.isOpen)
    }

    /// What it is owed is on its way: only when this process holds nothing of it more the connection ends.
    @Test func itTakesItsTime() throws {
        let server = EmbeddedServer()
        let client = try server.connect()
        try client.get()
        Self.ended(client)
        client.becomeSlow(true)
        server.answer(0, ["status": 200, "content": "1"])
        #expect(client.isOpen)
        server.pass(.seconds(10))
        #expect(client.isOpen)
        client.becomeSlow(false)
        server.pass(.milliseconds(250))
        #expect(!client.isOpen && server.core.counters.stalledClients == 0)
    }

    @Test("The same when the end comes behind the answer") func itTakesItsTimeWithTheLastAnswer() throws {
        let server = EmbeddedServer()
        let client = try server.connect()
        try client.get()
        client.becomeSlow(true)
        server.answer(0, ["status": 200, "content": "1"])
        Self.ended(client)
        #expect(client.isOpen)
        client.becomeSlow(false)
        server.pass(.milliseconds(250))
        #expect(!client.isOpen)
    }
}

@Suite("Times and limits of requests (section 7)") struct RequestLimitTests {
    @Test("A whole answer has a time of its own (I21)") func aWholeAnswerHasATimeOfItsOwn() throws {
        let log = LogLines()
        let server = EmbeddedServer(log: log) { $0.answerTimeout = .seconds(10) }
        let begun = try server.connect()
        try begun.get("/begun")
        let waiting = try server.connect()
        try waiting.get("/waiting")
        server.answer(0, ["status": 200, "content": "1", "more_content": true])
        server.pass(.seconds(9))
        #expect(begun.isOpen && waiting.isOpen)
        server.pass(.seconds(1))
        #expect(!begun.isOpen)
        #expect(try waiting.output().hasPrefix("HTTP/1.1 504 "))
        #expect(server.core.counters.timesOver == [.answer: 2])
        #expect(log.lines.contains { $0.hasPrefix("time is over client=192.0.2.7 limit=answer-timeout path=/") })
    }

    @Test func aBodyWithLittleInManyChunksIsRefused() throws {
        let server = EmbeddedServer()
        let client = try server.connect()
        try client.send("POST / HTTP/1.1\r\nhost: a\r\ntransfer-encoding: chunked\r\n\r\n")
        for _ in 0..<1_000 { try client.send("1\r\nx\r\n") }
        #expect(try client.output() == "")
        for _ in 0..<30 { try client.send("1;" + String(repeating: "e", count: 1_000) + "\r\nx\r\n") }
        #expect(try client.output().contains("The chunks of the body hold too little.\n"))
        #expect(server.layer.sent.isEmpty)
    }

    @Test("414", arguments: [1, 7, 1_000]) func aLineThatIsTooLongIsToldFromFieldsThatAre(piece: Int) throws {
        let server = EmbeddedServer {
            $0.maxRequestLine = 100
            $0.maxRequestHead = 400
        }
        func answer(_ request: String) throws -> String {
            let client = try server.connect()
            var rest = request[...]
            while !rest.isEmpty, client.isOpen {
                try? client.send(String(rest.prefix(piece)))
                rest = rest.dropFirst(piece)
            }
            return String(try client.output().prefix(13))
        }
        let long = String(repeating: "x", count: 500)
        #expect(try answer("GET /\(long)") == "HTTP/1.1 414 ")
        #expect(try answer("GET /\(long) HTTP/1.1\r\nhost: a\r\n\r\n") == "HTTP/1.1 414 ")
        #expect(try answer("GET /\(long.prefix(90)) HTTP/1.1\r\nhost: a\r\n\r\n") == "HTTP/1.1 414 ")
        #expect(try answer("GET / HTTP/1.1\r\nx: /\(long)\r\n\r\n") == "HTTP/1.1 431 ")
        #expect(try answer("GET / HTTP/1.1\r\n\(long): a\r\n\r\n") == "HTTP/1.1 431 ")
        #expect(server.core.counters.targetTooLong == 3 && server.core.counters.headTooLarge == 2)
    }
}
