import SeawayMessage
import SeawayTesting
import SeawayWorker
import TestSupport
import Testing

@Suite struct AnswerTests {
    struct Oops: Error {}

    @Test func whatAConsumerThrowsIsAnsweredWithA500() async throws {
        let layer = FakeLayer()
        try await withWorker(layer) { worker in
            worker.on("http.request", path: "/") { _ in throw Oops() }
            worker.on("websocket.receive") { _ in throw Oops() }
            worker.on("bigdata.process") { _ in throw Oops() }
        } talk: { _ in
            layer.request(1, "/")
            try #require(try await layer.nextSent().status == 500)
            #expect(try await layer.nextCredit() == 1)
            layer.deliver(["reply_channel": "websocket.send.s!1"], to: "websocket.receive")
            #expect(try await layer.nextSent().message == ["close": 1_011])
            #expect(try await layer.nextCredit() == 1)
            // Nobody waits for an answer here.
            layer.deliver([:], to: "bigdata.process")
            #expect(try await layer.nextCredit() == 1)
        }
    }

    /// The broker has broken, the socket has not.
    @Test func aMessageToASocketThatMayBeLostDoesNotCloseIt() async throws {
        let layer = FakeLayer { number, _ in number == 1 ? .unknown : .done }
        try await withWorker(layer) { worker in
            worker.on("websocket.receive") { message in try await message.reply(["text": message["text"] ?? ""]) }
        } talk: { _ in
            for text in ["lost", "kept"] {
                layer.deliver(["reply_channel": "websocket.send.s!1", "text": .string(text)], to: "websocket.receive")
                try #require(try await layer.nextSent().message == ["text": .string(text)])
                #expect(try await layer.nextCredit() == 1)
            }
        }
    }

    @Test func aRequestThatIsNoneIsAnsweredWithA404() async throws {
        let layer = FakeLayer()
        try await withWorker(layer) { worker in
            worker.on("http.request", path: "/*") { _ in .text("") }
        } talk: { _ in
            layer.deliver(["reply_channel": "http.response.s!1", "method": "GET", "path": 7], to: "http.request")
            try #require(try await layer.nextSent().status == 404)
        }
    }

    @Test(arguments: [SendAnswer.refused(Refusal(code: "full")), .refused(Refusal(code: "unreachable")), .unknown])
    func anAnswerThatMayNotHaveArrivedIsSentAgain(first: SendAnswer) async throws {
        let layer = FakeLayer { number, _ in number < 3 ? first : .done }
        let clock = InstantClock()
        try await withWorker(layer, clock: clock) { worker in
            worker.on("http.request", path: "/") { _ in .text("hi") }
        } talk: { _ in
            layer.request(1, "/")
            for _ in 0..<4 { try #require(try await layer.nextSent().content == "hi") }
            #expect(try await layer.nextCredit() == 1)
        }
        #expect(clock.waits == [.milliseconds(5), .milliseconds(10), .milliseconds(20)])
    }

    @Test func anAnswerIsGivenUpAfterHalfAMinute() async throws {
        let layer = FakeLayer { _, _ in .refused(Refusal(code: "full")) }
        let clock = InstantClock()
        try await withWorker(layer, clock: clock) { worker in
            worker.on("http.request", path: "/") { _ in .text("hi") }
        } talk: { _ in
            layer.request(1, "/")
            try #require(try await layer.nextCredit() == 1)
        }
        let waited = clock.waits.reduce(.zero, +)
        #expect(waited >= .seconds(30) && waited < .seconds(31))
    }

    @Test func anAnswerThatNobodyWaitsForIsDropped() async throws {
        let layer = FakeLayer { _, _ in .refused(Refusal(code: "gone")) }
        try await withWorker(layer) { worker in
            worker.on("http.request", path: "/") { _ in .text("hi") }
            worker.on("rpc") { message in try await message.reply(["n": 1]) }
        } talk: { _ in
            layer.request(1, "/")
            try #require(try await layer.nextSent().status == 200)
            #expect(try await layer.nextCredit() == 1)
            layer.deliver(["reply_channel": "rpc.k!1"], to: "rpc")
            #expect(try await layer.nextSent().message == ["n": 1])
            #expect(try await layer.nextCredit() == 1)
            // Neither was followed by a 500.
            layer.request(2, "/")
            #expect(try await layer.nextSent().channel == "http.response.s!2")
        }
    }

    @Test func anAnswerThatIsRefusedForGoodIsReplacedByA500Once() async throws {
        let layer = FakeLayer { _, _ in .refused(Refusal(code: "size")) }
        try await withWorker(layer) { worker in
            worker.on("http.request", path: "/") { _ in .text("hi") }
        } talk: { _ in
            layer.request(1, "/")
            try #require(try await layer.nextSent().status == 200)
            #expect(try await layer.nextSent().status == 500)
            #expect(try await layer.nextCredit() == 1)
        }
    }

    @Test func aRequestKnowsWhatTheClientSent() async throws {
        struct Order: Codable { var item: String, count: Int }
        let layer = FakeLayer()
        try await withWorker(layer) { worker in
            worker.on("http.request", method: "POST", path: "/orders") { request in
                var order = try await request.decode(Order.self)
                order.count += Int(request.query["more"] ?? "") ?? 0
                #expect(request.header("host") == "localhost")
                #expect(request.client?.host == "127.0.0.1")
                #expect(request.client?.port == 5_031)
                #expect(request.scheme == "https")
                return try .json(encoding: order, status: 201)
            }
        } talk: { _ in
            layer.request(
                1, "POST", "/orders",
                [
                    "body": .bytes(Array(#"{"item":"tea","count":2}"#.utf8)), "query_string": "x=%2B&more=3&y",
                    "headers": [["host", "localhost"]], "client": ["127.0.0.1", 5_031], "scheme": "https",
                ])
            let answer = try await layer.nextSent()
            #expect(answer.status == 201)
            let order = try Message(json: answer.content ?? "")
            #expect(order["item"] == "tea")
            #expect(order["count"] == 5)
        }
    }

    @Test func aConsumerReachesChannelsAndGroups() async throws {
        let layer = FakeLayer()
        let seen = Inbox<GroupCounts>()
        try await withWorker(layer) { worker in
            worker.on("news") { message in
                try await message.layer.channel("news.log").send(["text": "hi"])
                seen.put(try await message.layer.group("liveblog").send(["text": "hi"]))
            }
        } talk: { _ in
            layer.deliver([:], to: "news")
            try #require(try await layer.nextSent().channel == "news.log")
            #expect(try await layer.nextSent().channel == "liveblog")
            #expect(await seen.next() == GroupCounts(sent: 2, full: 1, gone: 0))
        }
    }
}

@Suite struct FormFieldsTests {
    @Test(
        arguments: [
            ("a=1&b=two+words", [["a", "1"], ["b", "two words"]]), ("", []), ("&&", []), ("a", [["a", ""]]),
            ("a=%41%zz%4", [["a", "A%zz%4"]]), ("q=%C3%BC%ff", [["q", "ü\u{FFFD}"]]),
            ("a=b=c&a=2", [["a", "b=c"], ["a", "2"]]),
        ])
    func aQueryIsDecoded(text: String, fields: [[String]]) {
        #expect(FormFields(text).all.map { [$0.name, $0.value] } == fields)
    }
}
