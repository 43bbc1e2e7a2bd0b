import SeawayMessage
import SeawayServer
import SeawayTesting
import TestSupport
import Testing

@Suite("Requests outlive their workers") struct LostWorkerTests {
    private static func report(_ why: String, times: Int = 1, text: String? = nil) -> Message {
        var report: Message = [
            "type": "channel.report", "channel": "http.request", "why": .string(why), "times": .int(Int64(times)),
        ]
        if let text { report["text"] = .string(text) }
        return report
    }

    private static func request(_ method: String, body: Int = 0) -> String {
        "\(method) / HTTP/1.1\r\nhost: a\r\ncontent-length: \(body)\r\n\r\n" + String(repeating: "x", count: body)
    }

    @Test("I70", arguments: ["GET", "HEAD", "OPTIONS"])
    func anotherWorkerGetsARequestThatMayBeAskedTwice(method: String) throws {
        let log = LogLines()
        let server = EmbeddedServer(log: log)
        let client = try server.connect()
        try client.send(Self.request(method))
        let channel = try #require(server.layer.replyChannel(0))
        #expect(server.layer.sent[0].report == ReportTerms(to: channel, patience: 5_000))
        #expect(server.core.memory.bytes(of: .bodies) == server.layer.sent[0].body.count)
        server.answer(0, Self.report("lost"))
        #expect(try client.output() == "")
        #expect(server.layer.requests.count == 2 && server.layer.requests[1] == server.layer.requests[0])
        #expect(server.layer.sent[1].report == ReportTerms(to: channel, patience: 5_000, times: 1))
        #expect(log.lines == ["a worker was lost with a request, which another gets channel=http.request"])
        server.answer(1, ["status": 204])
        #expect(try client.output().hasPrefix("HTTP/1.1 204 No Content\r\n"))
        #expect(server.core.counters.askedAgain == 1 && server.core.memory.bytes(of: .bodies) == 0)
        #expect(server.layer.closed.isEmpty)
    }

    @Test("I71") func theSecondWorkerIsTheLast() throws {
        let server = EmbeddedServer()
        let client = try server.connect()
        try client.get()
        server.answer(0, Self.report("lost"))
        server.answer(0, Self.report("lost", times: 2))
        #expect(try client.output().hasPrefix("HTTP/1.1 502 Bad Gateway\r\n"))
        #expect(server.layer.requests.count == 2 && server.layer.closed.count == 1)
        #expect(server.core.counters.workersLost == 1 && server.core.memory.bytes(of: .bodies) == 0)
        #expect(client.isOpen)
    }

    @Test("I71", arguments: ["POST", "PUT", "DELETE", "PATCH"])
    func whatMayNotBeAskedTwiceGets502AtOnce(method: String) throws {
        let server = EmbeddedServer()
        let client = try server.connect()
        try client.send(Self.request(method, body: 3))
        server.answer(0, Self.report("lost"))
        let output = try client.output()
        #expect(output.hasPrefix("HTTP/1.1 502 Bad Gateway\r\n"))
        #expect(output.hasSuffix("\r\n\r\nThe worker was lost before it had answered.\n"))
        #expect(server.layer.requests.count == 1)
        #expect(client.isOpen)
    }

    @Test("I70: what may be asked twice is the operator's to say") func otherMethodsMayBe() throws {
        let server = EmbeddedServer { $0.retry = ["PUT"] }
        let client = try server.connect()
        try client.send(Self.request("PUT", body: 3))
        try client.send(Self.request("GET"))
        server.answer(0, Self.report("lost"))
        server.answer(1, Self.report("lost"))
        #expect(server.layer.requests.count == 3)
        server.answer(0, ["status": 200])
        let output = try client.output()
        #expect(output.ranges(of: "HTTP/1.1 200").count == 1 && output.ranges(of: "HTTP/1.1 502").count == 1)
    }

    @Test("I70, I71: a body in pieces went to the first alone") func aBodyInPiecesIsNotSentAgain() throws {
        let server = EmbeddedServer { $0.bodyInline = 2 }
        let client = try server.connect()
        try client.send(Self.request("GET", body: 3))
        server.answer(0, Self.report("lost"))
        #expect(try client.output().hasPrefix("HTTP/1.1 502 Bad Gateway\r\n"))
        #expect(server.layer.requests.count == 1)
    }

    @Test("I71: of an answer that has begun its client sees the end alone") func anAnswerThatHasBegunIsBrokenOff()
        throws
    {
        let log = LogLines()
        let server = EmbeddedServer(log: log)
        let client = try server.connect()
        try client.get()
        server.answer(0, ["status": 200, "content": "one ", "more_content": true])
        #expect(try client.output().hasPrefix("HTTP/1.1 200 OK\r\n"))
        server.answer(0, Self.report("lost"))
        #expect(try client.output() == "")
        #expect(!client.isOpen && server.layer.requests.count == 1)
        #expect(log.lines.contains { $0.hasPrefix("a worker was lost with a request") })
    }

    @Test("I71", arguments: ["nak", "tries"]) func whatAWorkerGivesUpGets502(why: String) throws {
        let server = EmbeddedServer()
        let client = try server.connect()
        try client.get()
        server.answer(0, Self.report(why, text: "no%20way"))
        let output = try client.output()
        #expect(output.hasPrefix("HTTP/1.1 502 Bad Gateway\r\n"))
        #expect(output.hasSuffix("\r\n\r\nThe worker gave the request up.\n"))
        #expect(server.core.counters.workersGaveUp == 1 && server.layer.requests.count == 1)
    }

    @Test("I72", arguments: ["away", "expired", "flushed", "of a later version"])
    func whatNobodyTakesGets503(why: String) throws {
        let server = EmbeddedServer()
        let client = try server.connect()
        try client.get()
        server.answer(0, Self.report(why, times: 0))
        let output = try client.output()
        #expect(output.hasPrefix("HTTP/1.1 503 Service Unavailable\r\n") && output.contains("\r\nretry-after: 1\r\n"))
        #expect(output.hasSuffix("\r\n\r\nNo worker is there.\n"))
        #expect(server.core.counters.noWorker == 1 && client.isOpen)
    }

    @Test("I72: without patience") func whereNobodyListensAtAllTheAnswerIsThere() throws {
        let server = EmbeddedServer(
            layer: FakeLayer(verdict: { _, sent in sent.ifHeard ? .refused(Refusal(code: "away")) : .done })
        ) {
            $0.noWorkerPatience = .zero
        }
        let client = try server.connect()
        try client.get()
        #expect(try client.output().hasPrefix("HTTP/1.1 503 Service Unavailable\r\n"))
        #expect(server.layer.sent[0].report?.patience == 0)
        #expect(server.core.counters.noWorker == 1)
    }

    @Test("I70: no more is kept than there is room for") func withoutRoomItIsNotSentAgain() throws {
        let server = EmbeddedServer { $0.maxMemory = 1 << 16 }
        let client = try server.connect()
        try client.send("GET /\(String(repeating: "x", count: 5_000)) HTTP/1.1\r\nhost: a\r\n\r\n")
        server.answer(0, Self.report("lost"))
        #expect(try client.output().hasPrefix("HTTP/1.1 502 Bad Gateway\r\n"))
        #expect(server.core.counters.notKept == 1 && server.core.counters.askedAgain == 0)
    }

    @Test("I18: a report on a request that is over closes nothing") func aLateReportIsDropped() throws {
        let server = EmbeddedServer()
        let client = try server.connect()
        try client.get()
        server.answer(0, ["status": 200])
        _ = try client.output()
        server.answer(0, Self.report("lost"))
        #expect(server.layer.closed.isEmpty && server.layer.requests.count == 1)
        #expect(try client.output() == "")
    }
}
