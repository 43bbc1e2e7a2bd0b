import Logging
import SeawayMessage
import SeawayTesting
import SeawayWorker
import TestSupport
import Testing

@Suite(.timeLimit(.minutes(1))) struct TestBrokerTests {
    /// The example of ``TestBroker``.
    @Test func aWorkerIsTestedInAFewLines() async throws {
        let broker = try await TestBroker()
        let worker = Worker(layer: broker.layer)
        worker.on("http.request", path: "/moon") { request in .text("hello from \(request.path)\n") }
        async let _ = worker.run()

        let answer = try await broker.request("GET", "/moon")
        #expect(answer.status == 200)
        #expect(answer.text == "hello from /moon\n")
    }

    // MARK: Requests

    @Test func aRequestHoldsWhatAServerPutsIntoIt() async throws {
        let broker = try await TestBroker()
        let reader = try await broker.listen(to: "http.request.forms")
        async let answer = broker.request(
            "POST", "/a b", query: "x=1", headers: [("content-type", "text/plain")], body: Array("hi".utf8),
            on: "http.request.forms")
        let request = try await reader.nextMessage()
        #expect(request["method"] == "POST")
        #expect(request["path"] == "/a b")
        #expect(request["query_string"]?.bytes == Array("x=1".utf8))
        #expect(request["headers"] == [[.bytes(Array("content-type".utf8)), .bytes(Array("text/plain".utf8))]])
        #expect(request["body"]?.bytes == Array("hi".utf8))
        let reply = try #require(request["reply_channel"]?.string)
        try await broker.layer.send(["status": 404, "headers": [["X-Name", "value"]], "content": "no"], to: reply)
        #expect(try await answer.status == 404)
        #expect(try await answer.header("x-name") == "value")
        #expect(try await answer.text == "no")
    }

    @Test func aStreamedAnswerIsPutTogether() async throws {
        let broker = try await TestBroker()
        let worker = Worker(layer: broker.layer)
        worker.on("http.request", path: "/stream") { _ in
            .stream(headers: [("content-type", "text/plain")]) { writer in
                for piece in ["one ", "two ", "three"] { try await writer.write(piece) }
            }
        }
        async let _ = worker.run()
        let answer = try await broker.request("GET", "/stream")
        #expect(answer.text == "one two three")
        #expect(answer.pieces.count == 4)
    }

    @Test func whoAnswersTwiceIsTold() async throws {
        let broker = try await TestBroker()
        let reader = try await broker.listen(to: "http.request")
        async let answer = broker.request("GET", "/")
        let reply = try #require(try await reader.nextMessage()["reply_channel"]?.string)
        try await broker.layer.send(["status": 200], to: reply)
        _ = try await answer
        await #expect(
            throws: ClientError(Refusal(code: "gone", text: "the channel was closed by its reader"), name: reply)
        ) {
            try await send(["status": 200], to: reply, broker)
        }
    }

    static let malformed: [[Message]] = [
        [["content": "no status"]], [["status": 99]], [["status": 600]], [["status": "200"]],
        [["status": 200, "content": 1]], [["status": 200, "more_content": 1]], [["status": 200, "headers": "x"]],
        [["status": 200, "headers": [["a"]]]], [["disconnect_channel": 7]],
        [["status": 200, "content": "one", "more_content": true], ["content": "two", "offset": 4]],
        [["status": 200, "more_content": true], ["status": 200]],
    ]

    @Test(arguments: Self.malformed)
    func whatIsNoAnswerIsFound(messages: [Message]) async throws {
        let broker = try await TestBroker()
        let reader = try await broker.listen(to: "http.request")
        async let answer = broker.request("GET", "/")
        let reply = try #require(try await reader.nextMessage()["reply_channel"]?.string)
        for message in messages { try await broker.layer.send(message, to: reply) }
        do {
            _ = try await answer
            Issue.record("\(messages) was taken for an answer")
        } catch let error as TestAnswer.Malformed {
            #expect(error.message == messages.last)
        }
    }

    @Test func aFullChannelRefusesTheRequest() async throws {
        let broker = try await TestBroker(TestLimits(capacities: [.init("http.request", messages: 1)]))
        try await broker.layer.send([:], to: "http.request")
        await #expect(throws: ClientError.self) { try await request("/", broker) }
        #expect(try await broker.waiting(on: "http.request") == [[:]])
    }

    @Test func aClientThatLeavesIsToldToTheWorker() async throws {
        let broker = try await TestBroker()
        let requests = try await broker.listen(to: "http.request")
        let disconnects = try await broker.listen(to: "http.disconnect")
        async let disconnect = disconnects.nextMessage()
        let client = Task { try await broker.request("GET", "/slow") }
        let reply = try #require(try await requests.nextMessage()["reply_channel"])
        client.cancel()
        await #expect(throws: CancellationError.self) { _ = try await client.value }
        #expect(try await disconnect == ["reply_channel": reply, "path": "/slow", "reason": "left"])
    }

    @Test func aWorkerThatHasNamedAChannelIsToldThere() async throws {
        let broker = try await TestBroker()
        let requests = try await broker.listen(to: "http.request")
        let ends = try await broker.listen(to: "http.disconnect.k3f9x2ab!")
        async let first = ends.next()
        let client = Task { try await broker.request("GET", "/slow") }
        let reply = try #require(try await requests.nextMessage()["reply_channel"]?.string)
        // In any message before the end, and the last one counts.
        try await broker.layer.send(["disconnect_channel": "http.disconnect.k3f9x2ab!1"], to: reply)
        try await broker.layer.send(
            ["status": 200, "more_content": true, "disconnect_channel": "http.disconnect.k3f9x2ab!2"], to: reply)
        client.cancel()
        await #expect(throws: CancellationError.self) { _ = try await client.value }
        let told = try await first
        #expect(told.channels == ["http.disconnect.k3f9x2ab!2"])
        #expect(try Message(told.body) == ["reply_channel": .string(reply), "path": "/slow", "reason": "left"])
        await #expect(throws: ClientError.self) { try await send(["more_content": true], to: reply, broker) }

        async let second = ends.nextMessage()
        let third = Task { try await broker.request("GET", "/slow") }
        let other = try #require(try await requests.nextMessage()["reply_channel"]?.string)
        try await broker.layer.send(["disconnect_channel": "http.disconnect.k3f9x2ab!3"], to: other)
        try await broker.layer.send(["status": 99], to: other)
        await #expect(throws: TestAnswer.Malformed.self) { _ = try await third.value }
        #expect(try await second["reason"] == "malformed")
    }

    @Test func aNamedChannelIsNoPartOfTheAnswer() async throws {
        let broker = try await TestBroker()
        let requests = try await broker.listen(to: "http.request")
        async let answer = broker.request("GET", "/")
        let reply = try #require(try await requests.nextMessage()["reply_channel"]?.string)
        try await broker.layer.send(["disconnect_channel": "http.disconnect.k3f9x2ab!1"], to: reply)
        try await broker.layer.send(["status": 200, "content": "hi"], to: reply)
        #expect(try await answer.text == "hi")
        #expect(try await answer.pieces.count == 1)
    }

    @Test func aMessageIsAskedForItsAnswer() async throws {
        let broker = try await TestBroker()
        let worker = Worker(layer: broker.layer)
        worker.on("sum") { message in
            let (a, b) = (message["a"]?.int ?? 0, message["b"]?.int ?? 0)
            try await message.reply(["sum": .int(a + b)])
        }
        async let _ = worker.run()
        #expect(try await broker.ask(["a": 2, "b": 3], on: "sum") == ["sum": 5])
        #expect(try await broker.ask(["a": 20, "b": 3], on: "sum") == ["sum": 23])
    }

    // MARK: Time

    @Test func aMessageExpiresWhenItsTimeIsOverAndNotBefore() async throws {
        let broker = try await TestBroker(TestLimits(expiries: [.init("short.*", .seconds(5))]))
        try await broker.layer.send(["n": 1], to: "short.lived")
        try await broker.layer.send(["n": 2], to: "other")
        try await broker.advance(by: .milliseconds(4_999))
        #expect(try await broker.waiting(on: "short.lived") == [["n": 1]])
        try await broker.advance(by: .milliseconds(1))
        #expect(try await broker.waiting(on: "short.lived") == [])
        #expect(try await broker.waiting(on: "other") == [["n": 2]])
        try await broker.advance(by: .seconds(55))
        #expect(try await broker.waiting(on: "other") == [])
    }

    @Test func aWorkersRetriesFollowTheClock() async throws {
        let broker = try await TestBroker(TestLimits(capacities: [.init("reply", messages: 1)]))
        try await broker.layer.send([:], to: "reply")
        let worker = Worker(
            layer: broker.layer, clock: broker.clock, logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
        worker.on("http.request", path: "/") { _ in .text("late") }
        async let _ = worker.run()
        try await broker.layer.send(["method": "GET", "path": "/", "reply_channel": "reply"], to: "http.request")
        await broker.clock.waitForSleepers()
        let reader = try await broker.listen(to: "reply")
        #expect(try await reader.nextMessage() == [:])
        try await broker.advance(by: .milliseconds(10))
        #expect(try await reader.nextMessage()["content"]?.bytes == Array("late".utf8))
    }

    @Test func sleepersWakeInTheirTime() async throws {
        let clock = try await TestBroker()
        let woken = Inbox<Int>()
        async let sleeping: Void = withTaskGroup(of: Void.self) { group in
            for seconds in [3, 1, 2] {
                group.addTask {
                    try? await clock.clock.sleep(for: .seconds(seconds))
                    woken.put(seconds)
                }
            }
        }
        await clock.clock.waitForSleepers(3)
        for seconds in 1...3 {
            try await clock.advance(by: .seconds(1))
            #expect(await woken.next() == seconds)
        }
        await sleeping
    }

    @Test func aCancelledSleeperWakesAtOnce() async throws {
        let clock = ManualClock()
        let sleeping = Task { try await clock.sleep(for: .seconds(1)) }
        await clock.waitForSleepers()
        sleeping.cancel()
        await #expect(throws: CancellationError.self) { try await sleeping.value }
        let late = Task {
            withUnsafeCurrentTask { $0?.cancel() }
            try await clock.sleep(for: .seconds(1))
        }
        await #expect(throws: CancellationError.self) { try await late.value }
        #expect(clock.now.sinceStart == .zero)
    }

    // MARK: Reading and looking

    @Test func aReaderTakesOnlyWhatItAsksFor() async throws {
        let broker = try await TestBroker()
        let reader = try await broker.listen(to: "a", "b")
        for number in 1...3 { try await broker.layer.send(["n": .int(Int64(number))], to: "a") }
        #expect(try await reader.nextMessage() == ["n": 1])
        #expect(try await broker.waiting(on: "a") == [["n": 2], ["n": 3]])
        let delivery = try await reader.next()
        #expect(delivery.channels == ["a"] && delivery.group == nil)
        await reader.stop()
        #expect(try await broker.waiting(on: "a") == [["n": 3]])
        await #expect(throws: ClientError.self) { _ = try await reader.next() }
    }

    @Test func aReaderThatWasCancelledLosesNothing() async throws {
        let broker = try await TestBroker()
        let reader = try await broker.listen(to: "a")
        let waiting = Task { try await reader.next() }
        waiting.cancel()
        await #expect(throws: CancellationError.self) { _ = try await waiting.value }
        try await broker.layer.send(["n": 1], to: "a")
        try await broker.layer.send(["n": 2], to: "a")
        #expect(try await reader.nextMessage() == ["n": 1])
        #expect(try await reader.nextMessage() == ["n": 2])
    }

    @Test func whoseMailboxIsTakenOverIsTold() async throws {
        let broker = try await TestBroker()
        let first = try await broker.listen(to: "web.k3f9!")
        let waiting = Task { try await first.next() }
        let second = try await broker.listen(to: "web.k3f9!")
        do {
            _ = try await waiting.value
            Issue.record("the first reader reads on")
        } catch let error as ClientError {
            #expect(error.refusal?.code == "lost")
        }
        try await broker.layer.send([:], to: "web.k3f9!1")
        #expect(try await second.next().channels == ["web.k3f9!1"])
    }

    @Test func whatIsNotLegalIsRefused() async throws {
        let broker = try await TestBroker()
        await #expect(throws: ClientError.self) { _ = try await broker.listen(to: "no such name") }
        await #expect(throws: TestLimits.NotAPattern(text: "a b")) {
            _ = try await TestBroker(TestLimits(expiries: [.init("a b", .seconds(1))]))
        }
    }

    @Test func theMembersOfAGroupAreSeen() async throws {
        let broker = try await TestBroker()
        try await broker.layer.join("room", ["b", "a"])
        #expect(try await broker.members(of: "room") == ["a", "b"])
        #expect(try await broker.members(of: "no room") == [])
    }

    @Test func aSecondLayerIsAnotherProcess() async throws {
        let broker = try await TestBroker()
        let other = broker.makeLayer()
        let got = Inbox<[String]>()
        let listening = other.listen(to: ["chat"]) {
            got.put($0.channels)
        } event: { _ in
        }
        listening.ready(1)
        try await broker.layer.send([:], to: "chat")
        #expect(await got.next() == ["chat"])
    }

    /// Nothing keeps it alive but who uses it.
    @Test func aBrokerThatIsNotUsedAnyMoreIsGone() async throws {
        weak var gone: TestBroker?
        do {
            let broker = try await TestBroker()
            gone = broker
            #expect(try await broker.ask(onEcho: ["n": 1]) == ["n": 1])
        }
        #expect(gone == nil)
    }
}

extension TestBroker {
    fileprivate func ask(onEcho message: Message) async throws -> Message? {
        let reader = try await self.listen(to: "echo")
        async let answer = self.ask(message, on: "echo")
        var asked = try await reader.nextMessage()
        let reply = try #require(asked["reply_channel"]?.string)
        asked["reply_channel"] = nil
        try await self.layer.send(asked, to: reply)
        return try await answer
    }
}

private func send(_ message: Message, to channel: String, _ broker: TestBroker) async throws {
    try await broker.layer.send(message, to: channel)
}

private func request(_ path: String, _ broker: TestBroker) async throws { _ = try await broker.request("GET", path) }
