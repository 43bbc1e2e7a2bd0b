import SeawayMessage
import SeawayServer
import SeawayTesting
import TestSupport
import Testing

@Suite("What goes wrong") struct FailureTests {
    static let hello: Message = ["status": 200, "content": "hello"]

    @Test(
        "I21",
        arguments: [
            (SendAnswer.refused(Refusal(code: "full")), "Too many requests are waiting."),
            (.refused(Refusal(code: "unreachable")), "The workers cannot be reached."),
            (.refused(Refusal(code: "closing")), "The workers cannot be reached."),
            (.refused(Refusal(code: "denied")), "The workers' broker refused the request."),
            (.unknown, "The connection to the workers broke."),
        ])
    func aRequestThatIsNotTakenGets503(answer: SendAnswer, text: String) throws {
        let server = EmbeddedServer(layer: FakeLayer(verdict: { _, _ in nil }))
        let client = try server.connect()
        for isSecond in [false, true] {
            try client.get()
            server.layer.answerHeld(answer)
            let output = try client.output()
            #expect(output.hasPrefix("HTTP/1.1 503 Service Unavailable\r\n"))
            #expect(output.contains("\r\nretry-after: 1\r\n") && output.hasSuffix("\r\n\r\n\(text)\n"))
            // Only where a worker may have it all the same is there anybody to tell.
            #expect(server.layer.closed.count == (answer == .unknown ? (isSecond ? 2 : 1) : 0))
        }
        #expect(client.isOpen)
        let counters = server.core.counters
        #expect(counters.full + counters.unreachable + counters.refused + counters.unknown == 2)
    }

    @Test("I21: the answer of a layer on this very thread comes within the call") func aRefusalAtOnceIsAnswered() throws
    {
        let server = EmbeddedServer(layer: FakeLayer(verdict: { _, _ in .refused(Refusal(code: "full")) }))
        let client = try server.connect()
        try client.send(String(repeating: "GET / HTTP/1.1\r\nhost: a\r\n\r\n", count: 50))
        // Those behind others, each in its turn.
        server.run()
        #expect(try client.output().ranges(of: "HTTP/1.1 503").count == 50)
    }

    @Test("I21") func withoutAnAnswerInTimeTheClientGets504() throws {
        let server = EmbeddedServer()
        let client = try server.connect()
        try client.get()
        server.pass(.seconds(119))
        #expect(try client.output() == "")
        server.pass(.seconds(1))
        #expect(try client.output().hasPrefix("HTTP/1.1 504 Gateway Timeout\r\n"))
        #expect(client.isOpen)
        #expect(server.layer.closed == [try #require(server.layer.replyChannel(0))])
        #expect(server.layer.disconnects.isEmpty)
        // I18: the worker wakes up after all.
        server.answer(0, Self.hello)
        #expect(try client.output() == "")
        #expect(server.core.counters.lateAnswers == 1)
        #expect(server.core.counters.timeouts == 1)
        #expect(server.layer.closed.count == 2)
        try client.get()
        server.answer(1, Self.hello)
        #expect(try client.output().hasPrefix("HTTP/1.1 200 OK\r\n"))
    }

    @Test("I33") func aRequestThatMayBeLostWithItsBrokerIsNotWaitedFor() throws {
        let server = EmbeddedServer()
        let client = try server.connect()
        try client.get()
        server.layer.happen(.interrupted)
        server.layer.happen(.started(kept: false))
        server.pass(.seconds(1))
        #expect(try client.output() == "")
        server.layer.happen(.forsaken(Carrier()))
        server.run()
        let output = try client.output()
        #expect(output.hasPrefix("HTTP/1.1 503 Service Unavailable\r\n") && output.contains("\r\nretry-after: 1\r\n"))
        #expect(output.hasSuffix("\r\n\r\nThe connection to the workers broke.\n"))
        #expect(client.isOpen)
        #expect(server.core.counters.unknown == 1)
        #expect(server.layer.closed == [try #require(server.layer.replyChannel(0))])
        // I18: it was not lost after all.
        server.answer(0, Self.hello)
        #expect(try client.output() == "" && server.core.counters.lateAnswers == 1)
    }

    @Test("I33") func anAnswerThatComesInTimeOverAnotherConnectionIsPassedOn() throws {
        let server = EmbeddedServer()
        let client = try server.connect()
        try client.get()
        server.layer.happen(.interrupted)
        server.layer.happen(.started(kept: false))
        server.answer(0, Self.hello)
        #expect(try client.output().hasPrefix("HTTP/1.1 200 OK\r\n"))
        server.layer.happen(.forsaken(Carrier()))
        server.run()
        #expect(try client.output() == "" && server.core.counters.unknown == 0)
    }

    @Test("I33") func whatWentByAnotherConnectionIsWaitedFor() throws {
        let server = EmbeddedServer()
        let client = try server.connect()
        try client.get()
        for other in [Carrier(broker: 1), Carrier(connection: 1)] { server.layer.happen(.forsaken(other)) }
        server.answer(0, Self.hello)
        #expect(try client.output().hasPrefix("HTTP/1.1 200 OK\r\n"))
    }

    @Test("I33: no broker has it yet") func aRequestThatWaitsForABrokerIsNotOneThatWasLost() throws {
        let server = EmbeddedServer(layer: FakeLayer(verdict: { _, _ in nil }))
        let client = try server.connect()
        try client.get()
        server.layer.happen(.forsaken(Carrier()))
        server.layer.answerHeld(.done)
        server.answer(0, Self.hello)
        #expect(try client.output().hasPrefix("HTTP/1.1 200 OK\r\n"))
    }

    @Test("I33") func anAnswerThatHasBegunGoesOnOverWhicheverBrokerItsPiecesCome() throws {
        let server = EmbeddedServer()
        let client = try server.connect()
        try client.get()
        server.answer(0, ["status": 200, "content": "one", "more_content": true])
        server.layer.happen(.interrupted)
        server.layer.happen(.forsaken(Carrier()))
        server.answer(0, ["content": "two", "offset": 3])
        #expect(try client.output().hasSuffix("0\r\n\r\n"))
        #expect(client.isOpen && server.core.counters.unknown == 0)
    }

    /// A worker may not know whether it had come.
    @Test("I11, I18") func anAnswerThatComesTwiceIsLateAndHarmsNobody() throws {
        let server = EmbeddedServer()
        let client = try server.connect()
        try client.get()
        try client.get()
        server.answer(0, Self.hello)
        server.answer(0, Self.hello)
        #expect(try client.output().ranges(of: "HTTP/1.1 200 OK").count == 1)
        #expect(server.core.counters.lateAnswers == 1 && server.core.counters.answered == 1)
        server.answer(1, ["status": 200, "content": "another"])
        #expect(try client.output().hasSuffix("another"))
        #expect(client.isOpen)
    }

    @Test("I21") func aStreamThatStopsIsBrokenOff() throws {
        let server = EmbeddedServer()
        let client = try server.connect()
        try client.get()
        server.answer(0, ["status": 200, "more_content": true])
        server.pass(.seconds(119))
        server.answer(0, ["content": "x", "more_content": true])
        server.pass(.seconds(119))
        #expect(client.isOpen)
        server.pass(.seconds(1))
        #expect(!client.isOpen)
        #expect(!(try client.output()).hasSuffix("0\r\n\r\n"))
        #expect(server.core.counters.timeouts == 1)
        #expect(server.layer.disconnects.isEmpty)
    }

    @Test(
        "I15",
        arguments: [
            ["content": "no status"] as Message, ["status": 99], ["status": "200"],
            ["status": 200, "headers": [["a", "b\r\nc: d"]]], ["status": 200, "headers": [["a b", "c"]]],
        ])
    func aMalformedAnswerGets502(answer: Message) throws {
        let server = EmbeddedServer()
        let client = try server.connect()
        try client.get()
        server.answer(0, answer)
        let output = try client.output()
        #expect(output.hasPrefix("HTTP/1.1 502 Bad Gateway\r\n") && !output.contains("c: d"))
        #expect(server.core.counters.malformedAnswers == 1)
        #expect(server.layer.closed == [try #require(server.layer.replyChannel(0))])
        #expect(client.isOpen)
    }

    @Test(
        "I12, I15",
        arguments: [
            ["content": "x", "offset": 5] as Message, ["content": "xyz", "offset": 3], ["status": 200], ["content": 1],
        ])
    func aDamagedStreamIsNotHandedOnAsWhole(piece: Message) throws {
        let server = EmbeddedServer()
        let client = try server.connect()
        try client.get()
        server.answer(0, ["status": 200, "content": "four", "more_content": true])
        server.answer(0, piece)
        #expect(!client.isOpen)
        #expect(!(try client.output()).hasSuffix("0\r\n\r\n"))
        #expect(server.layer.closed == [try #require(server.layer.replyChannel(0))])
        #expect(server.layer.disconnects.isEmpty)
    }

    @Test("I15, I20") func aDamagedStreamThatWaitsForItsTurnGets502() throws {
        let server = EmbeddedServer()
        let client = try server.connect()
        try client.get()
        try client.get()
        server.answer(1, ["status": 200, "content": "four", "more_content": true])
        server.answer(1, ["content": "x", "offset": 5])
        server.answer(0, Self.hello)
        let output = try client.output()
        #expect(output.hasPrefix("HTTP/1.1 200 OK\r\n") && output.contains("helloHTTP/1.1 502 Bad Gateway\r\n"))
        #expect(!output.contains("four"))
        #expect(client.isOpen)
    }

    @Test("I17") func aClientThatLeavesIsReported() throws {
        let routes = try Routes<RequestRoute>(["/x=http.request.x"])
        let server = EmbeddedServer { $0.routes = routes }
        let client = try server.connect()
        try client.get("/")
        server.answer(0, Self.hello)
        try client.get("/x/%C3%A9")
        try client.get("/y")
        server.answer(1, ["status": 200, "more_content": true])
        client.leave()
        let disconnects = server.layer.disconnects
        #expect(disconnects.map { $0.channel } == ["http.disconnect.x", "http.disconnect"])
        #expect(disconnects.allSatisfy { $0.ifHeard })
        let replies = [1, 2].compactMap { server.layer.replyChannel($0) }
        #expect(
            disconnects.first?.message == ["reply_channel": .string(replies[0]), "path": "/x/é", "reason": "left"])
        #expect(server.layer.closed == replies)
        #expect(server.core.counters.disconnected == 2)
        #expect(server.core.counters.openConnections == 0)
        server.answer(2, Self.hello)
        #expect(server.core.counters.lateAnswers == 1)
    }

    @Test("I17: nothing is said of what was answered or never sent") func aClientThatLeavesInPeaceIsNot() throws {
        let server = EmbeddedServer(
            layer: FakeLayer(verdict: { $1.channel.hasSuffix("x") ? .refused(Refusal(code: "full")) : .done }))
        let client = try server.connect()
        try client.get()
        server.answer(0, Self.hello)
        try client.send("POST / HTTP/1.1\r\nhost: a\r\ncontent-length: 5\r\n\r\nhe")
        client.leave()
        #expect(server.layer.disconnects.isEmpty && server.layer.closed.isEmpty)
        #expect(server.core.counters.badRequests == 0)
    }

    @Test("I15") func whyAnAnswerIsMalformedIsLoggedOnceASecond() throws {
        let log = LogLines()
        let server = EmbeddedServer(log: log)
        let client = try server.connect()
        for index in 0..<4 {
            try client.get("/moon")
            server.answer(index, [:])
            server.pass(.milliseconds(400))
        }
        #expect(
            log.lines
                == Array(repeating: "malformed answer channel=http.request path=/moon why=it has no status", count: 2))
    }

    @Test(
        "I18",
        arguments: [
            "1", "2", "0", "1x", "x", "1!", "1.", "1.AAAAAAAAAAAAAAAA", "2.AAAAAAAAAAAAAAAA", "99999999999999999999",
            "18446744073709551617.AAAAAAAAAAAAAAAA", ".AAAAAAAAAAAAAAAA",
        ])
    func aNameThatWasNotGivenOutDoesNothing(name: String) throws {
        let server = EmbeddedServer()
        let client = try server.connect()
        try client.get()
        server.layer.deliver(
            ["status": 200, "disconnect_channel": "http.disconnect.me!1"], to: [server.core.mailboxName + name])
        server.layer.deliver([:], to: [server.core.mailboxName + name])
        #expect(server.layer.closed == [] && server.layer.sent.count == 1)
        #expect(server.core.counters.unknownAnswers == 2 && server.core.counters.lateAnswers == 0)
        #expect(try client.output() == "")
        server.answer(0, Self.hello)
        #expect(try client.output().hasPrefix("HTTP/1.1 200 "))
    }

    @Test("I18") func whatIsSentBeforeARequestComesSpoilsNoAnswer() throws {
        let server = EmbeddedServer()
        let client = try server.connect()
        try client.get()
        let own = try #require(server.layer.replyChannel(0)).dropFirst(server.core.mailboxName.count + 1)
        server.answer(0, Self.hello)
        _ = try client.output()
        // Of its own name it knows what stands behind the number, and all numbers to come.
        for number in 2..<100 {
            server.layer.deliver([:], to: ["\(server.core.mailboxName)\(number)\(own)"])
            server.layer.deliver([:], to: ["\(server.core.mailboxName)\(number)"])
        }
        #expect(server.layer.closed == [])
        for index in 1..<10 {
            try client.get()
            server.answer(index, Self.hello)
            #expect(try client.output().hasPrefix("HTTP/1.1 200 "))
        }
    }

    @Test("I18") func whatComesTooLateIsClosed() throws {
        let server = EmbeddedServer()
        let client = try server.connect()
        try client.get()
        server.answer(0, Self.hello)
        _ = try client.output()
        #expect(server.layer.closed == [])
        server.answer(0, Self.hello)
        #expect(server.layer.closed == [try #require(server.layer.replyChannel(0))])
        #expect(server.core.counters.lateAnswers == 1 && server.core.counters.unknownAnswers == 0)
        #expect(try client.output() == "")
    }

    @Test("I18") func bytesThatAreNoMessageStopNothing() throws {
        let server = EmbeddedServer()
        let client = try server.connect()
        try client.get()
        server.layer.deliver(raw: [0xC1], to: try #require(server.layer.replyChannel(0)))
        #expect(try client.output().hasPrefix("HTTP/1.1 502 "))
        server.layer.deliver(raw: [], to: server.core.mailboxName + "9")
        #expect(server.core.counters.unknownAnswers == 1)
    }

    @Test("I2") func aLostMailboxIsReplaced() throws {
        let server = EmbeddedServer()
        let client = try server.connect()
        try client.get()
        let old = server.core.mailboxName
        server.layer.happen(.lost(name: old))
        #expect(try client.output().hasPrefix("HTTP/1.1 503 "))
        #expect(server.core.mailboxName != old)
        #expect(server.layer.mailboxes == [old, server.core.mailboxName])
        try client.get()
        server.answer(1, Self.hello)
        #expect(try client.output().hasPrefix("HTTP/1.1 200 "))
    }

    @Test("I2") func aRefusedMailboxIsTriedAgain() throws {
        let server = EmbeddedServer()
        let client = try server.connect()
        server.layer.happen(.refused(Refusal(code: "limit")))
        try client.get()
        #expect(try client.output().hasPrefix("HTTP/1.1 503 "))
        #expect(server.layer.requests.isEmpty)
        server.pass(.seconds(5))
        #expect(server.layer.mailboxes.count == 2)
        try client.get()
        #expect(server.layer.requests.count == 1)
    }
}
