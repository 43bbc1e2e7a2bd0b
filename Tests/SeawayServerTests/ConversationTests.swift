import SeawayMessage
import SeawayServer
import SeawayTesting
import TestSupport
import Testing

@Suite("A connection and its workers") struct ConversationTests {
    static let hello: Message = ["status": 200, "content": "hello"]
    static let helloAnswer = "HTTP/1.1 200 OK\ncontent-length: 5\n\nhello"

    @Test func aRequestIsAnsweredAndTheConnectionStays() throws {
        let server = EmbeddedServer()
        let client = try server.connect()
        for index in 0..<3 {
            try client.get("/")
            server.answer(index, Self.hello)
            #expect(try client.answers() == Self.helloAnswer)
        }
        #expect(client.isOpen)
        #expect(server.core.counters.answered == 3)
        #expect(server.layer.closed == [])
    }

    @Test("I20") func pipelinedRequestsAreAnsweredInOrder() throws {
        let server = EmbeddedServer()
        let client = try server.connect()
        let get = "GET / HTTP/1.1\r\nhost: a\r\n\r\n"
        try client.send(get + get + get)
        #expect(server.layer.requests.count == 3)
        server.answer(2, ["status": 200, "content": "c"])
        server.answer(1, ["status": 200, "content": "b", "more_content": true])
        #expect(try client.output() == "")
        server.answer(0, ["status": 200, "content": "a"])
        let first = try client.answers()
        #expect(first.hasPrefix("HTTP/1.1 200 OK\ncontent-length: 1\n\naHTTP/1.1 200 OK\ntransfer-encoding: chunked"))
        #expect(first.hasSuffix("\n1\nb\n"))
        server.answer(1, ["content": "d"])
        #expect(try client.answers() == "1\nd\n0\n\nHTTP/1.1 200 OK\ncontent-length: 1\n\nc")
    }

    @Test("I20") func noMoreThanSixteenAreUnderWay() throws {
        let server = EmbeddedServer()
        let client = try server.connect()
        try client.send(String(repeating: "GET / HTTP/1.1\r\nhost: a\r\n\r\n", count: 40))
        #expect(server.layer.requests.count == 16)
        for index in 0..<24 {
            server.answer(index, Self.hello)
            #expect(server.layer.requests.count == 17 + index)
        }
        for index in 24..<40 { server.answer(index, Self.hello) }
        #expect(try client.answers().ranges(of: "hello").count == 40)
        #expect(client.isOpen)
    }

    /// Each refusal is there before the next request is taken, so this would be deep recursion.
    @Test func aLongPipelineOfRefusalsIsAnswered() throws {
        let server = EmbeddedServer(layer: FakeLayer(verdict: { _, _ in nil }))
        let client = try server.connect()
        try client.send(String(repeating: "GET / HTTP/1.0\r\nconnection: keep-alive\r\n\r\n", count: 1_000))
        while server.core.counters.full < 1_000, client.isOpen {
            server.layer.answerHeld(.refused(Refusal(code: "full")))
            server.run()
        }
        #expect(try client.output().ranges(of: "HTTP/1.1 503").count == 1_000)
    }

    @Test("I10, I12") func aStreamIsPassedOnAsItComes() throws {
        let server = EmbeddedServer()
        let client = try server.connect()
        try client.get()
        server.answer(0, ["status": 200, "content": "one ", "more_content": true])
        #expect(try client.answers() == "HTTP/1.1 200 OK\ntransfer-encoding: chunked\n\n4\none \n")
        server.answer(0, ["content": "one ", "offset": 0, "more_content": true])
        #expect(try client.answers() == "")
        #expect(server.core.counters.duplicatePieces == 1)
        server.answer(0, ["content": "two", "offset": 4])
        #expect(try client.answers() == "3\ntwo\n0\n\n")
        #expect(client.isOpen)
    }

    @Test("I10") func anOldClientGetsAStreamUntilTheEnd() throws {
        let server = EmbeddedServer()
        let client = try server.connect()
        try client.send("GET / HTTP/1.0\r\nconnection: keep-alive\r\n\r\n")
        server.answer(0, ["status": 200, "content": "one ", "more_content": true])
        #expect(try client.answers() == "HTTP/1.1 200 OK\nconnection: close\n\none ")
        server.answer(0, ["content": "two"])
        #expect(try client.answers() == "two")
        #expect(!client.isOpen)
    }

    @Test(
        "I24",
        arguments: [
            ("GET / HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n", "connection: close"),
            ("GET / HTTP/1.0\r\n\r\n", "connection: close"),
            ("GET / HTTP/1.1\r\nhost: a\r\nconnection: upgrade\r\nupgrade: h2c\r\n\r\n", "connection: close"),
            ("GET / HTTP/1.1\r\nhost: a\r\nconnection: keep-alive,\tclose \r\n\r\n", "connection: close"),
            ("GET / HTTP/1.0\r\nconnection: keep-alive\r\nconnection: close\r\n\r\n", "connection: close"),
            ("GET / HTTP/1.0\r\nconnection: keep-alive\r\n\r\n", "connection: keep-alive"),
            ("GET / HTTP/1.0\r\nconnection: x, Keep-Alive \r\n\r\n", "connection: keep-alive"),
        ])
    func theConnectionEndsOrStaysAsAsked(request: String, field: String) throws {
        let server = EmbeddedServer()
        let client = try server.connect()
        try client.send(request)
        server.answer(0, Self.hello)
        #expect(try client.answers() == "HTTP/1.1 200 OK\ncontent-length: 5\n\(field)\n\nhello")
        #expect(client.isOpen == (field == "connection: keep-alive"))
    }

    @Test("I14") func headAndBodilessStatusesHaveNoContent() throws {
        let server = EmbeddedServer()
        let client = try server.connect()
        try client.send("HEAD / HTTP/1.1\r\nhost: a\r\n\r\n")
        server.answer(0, Self.hello)
        #expect(try client.answers() == "HTTP/1.1 200 OK\ncontent-length: 5\n\n")
        try client.get()
        server.answer(1, ["status": 204, "content": "hello"])
        #expect(try client.answers() == "HTTP/1.1 204 No Content\n\n")
        try client.get()
        server.answer(2, ["status": 304, "headers": [["content-length", "9"]]])
        #expect(try client.answers() == "HTTP/1.1 304 Not Modified\ncontent-length: 9\n\n")
        #expect(server.layer.closed == [])
        try client.send("HEAD / HTTP/1.1\r\nhost: a\r\n\r\n")
        server.answer(3, ["status": 200, "content": "one", "more_content": true])
        #expect(try client.answers() == "HTTP/1.1 200 OK\n\n")
        // Whoever streams on is told that nobody reads it.
        #expect(server.layer.closed == [try #require(server.layer.replyChannel(3))])
    }

    @Test("I14: RFC 9110, 15.3.6", arguments: [false, true])
    func anAnswerThatResetsTheFormHasNoContentAndSaysSo(isStream: Bool) throws {
        let server = EmbeddedServer()
        let client = try server.connect()
        try client.get()
        server.answer(0, ["status": 205, "content": "hello", "more_content": .bool(isStream)])
        #expect(try client.answers() == "HTTP/1.1 205 Reset Content\ncontent-length: 0\n\n")
        #expect(server.layer.closed.count == (isStream ? 1 : 0))
        try client.get()
        server.answer(1, Self.hello)
        #expect(try client.answers() == Self.helloAnswer)
    }

    @Test("I16") func oneMessageOfAGroupAnswersManyRequests() throws {
        let server = EmbeddedServer()
        let clients = [try server.connect(), try server.connect()]
        for client in clients { try client.get() }
        let channels = [0, 1].compactMap { server.layer.replyChannel($0) }
        server.layer.deliver(Self.hello, to: channels, group: "news")
        for client in clients { #expect(try client.answers() == Self.helloAnswer) }
    }

    @Test("I23") func aClientThatWaitsToSendIsTold() throws {
        let server = EmbeddedServer()
        let client = try server.connect()
        let head = "POST / HTTP/1.1\r\nhost: a\r\nexpect: 100-continue\r\ncontent-length: 2\r\n\r\n"
        try client.get()
        try client.send(head)
        #expect(try client.output() == "")
        server.answer(0, Self.hello)
        #expect(try client.answers() == Self.helloAnswer + "HTTP/1.1 100 Continue\n\n")
        try client.send("ok")
        server.answer(1, Self.hello)
        #expect(try client.answers() == Self.helloAnswer)
        // The body is there already.
        try client.send(head + "ok")
        server.answer(2, Self.hello)
        #expect(try client.answers().hasSuffix(Self.helloAnswer))
        try client.send(head.replacing("content-length: 2", with: "content-length: 1073741825"))
        #expect(try client.output().hasPrefix("HTTP/1.1 413 "))
        #expect(!client.isOpen)
    }

    @Test func onlyTheAccessLogHasALineForEachRequest() throws {
        for isOn in [false, true] {
            let log = LogLines()
            let server = EmbeddedServer(log: log) { $0.accessLog = isOn ? log.access() : nil }
            let client = try server.connect()
            try client.get("/moon?x")
            server.pass(.milliseconds(2_000))
            // Between two sweeps, and yet to the millisecond.
            server.passUnseen(.milliseconds(37))
            server.answer(0, Self.hello)
            let line =
                "request client=192.0.2.7 method=GET scheme=http host=localhost path=/moon query=x version=1.1 status=200"
                + " bytes=5 ms=2037.000 first_ms=2037.000 channel=http.request"
            #expect(log.lines == (isOn ? [line] : []))
        }
    }

    @Test func theCreditIsRenewedInHalves() throws {
        let server = EmbeddedServer { $0.credit = 4 }
        let client = try server.connect()
        #expect(server.layer.credit == 4)
        for index in 0..<5 {
            try client.get()
            server.answer(index, Self.hello)
        }
        #expect(server.layer.credit == 8)
    }
}
