import InMemoryLogging
import SeawayMessage
import SeawayTesting
import SeawayWorker
import ServiceLifecycleTestKit
import TestSupport
import Testing

/// What a worker says of messages that are to be acknowledged.
@Suite(.timeLimit(.minutes(1))) struct AcknowledgingTests {
    struct Oops: Error {}

    @Test func aConsumerThatReturnsAcknowledges() async throws {
        let layer = FakeLayer()
        try await withWorker(layer) { worker in
            worker.on("jobs", acknowledged: true) { _ in }
            worker.on("news") { _ in }
        } talk: { _ in
            #expect(layer.terms?.acknowledged == ["jobs"])
            #expect(layer.terms?.acknowledgedIfKnown == [])
            let held = layer.deliver(["n": 1], toBeAcknowledgedOn: "jobs")
            try #require(try await layer.nextVerdict() == .init(held.id, .done))
            #expect(try await layer.nextCredit() == 1)
        }
    }

    static let failures: [(any Error & Sendable, HeldMessage.Verdict, isLogged: Bool)] = [
        (Oops(), .again(after: nil), true), (Retry(), .again(after: nil), false),
        (Retry(after: .seconds(30)), .again(after: .seconds(30)), false),
        (Retry(after: .seconds(-1)), .again(after: .zero), false), (Dead("no address"), .dead("no address"), false),
    ]

    @Test(arguments: 0..<Self.failures.count)
    func aConsumerThatThrowsGivesItsMessageBack(place: Int) async throws {
        let (error, verdict, isLogged) = Self.failures[place]
        let layer = FakeLayer()
        let log = InMemoryLogHandler()
        try await withWorker(layer, log: log) { worker in
            worker.on("jobs", acknowledged: true) { _ in throw error }
        } talk: { _ in
            let held = layer.deliver([:], toBeAcknowledgedOn: "jobs", times: 3)
            try #require(try await layer.nextVerdict() == .init(held.id, verdict))
            #expect(try await layer.nextCredit() == 1)
            #expect(log.errors.isEmpty != isLogged)
        }
    }

    @Test func aConsumerSeesHowOftenAMessageWasGivenOut() async throws {
        let layer = FakeLayer()
        try await withWorker(layer) { worker in
            worker.on("jobs", acknowledged: true) { job in
                guard job.times > 1 else { throw Retry(after: .zero) }
                try await job.held?.acknowledge()
            }
        } talk: { _ in
            for (times, verdict) in [(1, HeldMessage.Verdict.again(after: .zero)), (2, .done)] {
                let held = layer.deliver([:], toBeAcknowledgedOn: "jobs", times: times)
                try #require(try await layer.nextVerdict() == .init(held.id, verdict))
                #expect(try await layer.nextCredit() == 1)
            }
            #expect(layer.verdicts.count == 2)
        }
    }

    // MARK: Requests

    private static func request(_ layer: FakeLayer, _ path: String) -> HeldMessage {
        layer.deliver(
            ["reply_channel": "http.response.s!1", "method": "GET", "path": .string(path)],
            toBeAcknowledgedOn: "http.request")
    }

    @Test func anAnswerAcknowledgesItsRequestInOneFrame() async throws {
        let layer = FakeLayer()
        try await withWorker(layer) { worker in
            worker.on("http.request", path: "/whole") { _ in .text("hi") }
            worker.on("http.request", path: "/pieces") { _ in
                .stream { writer in for piece in ["a", "b"] { try await writer.write(piece) } }
            }
            worker.on("http.request", at: "/raw") { message in
                try await message.reply(["status": 200, "content": "a", "more_content": true])
                try await message.reply(["content": "b"])
            }
        } talk: { _ in
            #expect(layer.terms?.acknowledgedIfKnown == ["http.request"])
            for (path, messages) in [("/whole", 1), ("/pieces", 3), ("/raw", 2), ("/none", 1)] {
                let held = Self.request(layer, path)
                for number in 1...messages {
                    let sent = try await layer.nextSent()
                    #expect((sent.terms?.acknowledging === held) == (number == messages), "\(path) \(number)")
                }
                #expect(try await layer.nextCredit() == 1)
                #expect(held.isOver)
            }
            #expect(layer.verdicts.isEmpty)
        }
    }

    @Test func aHandlerWithoutAnAnswerAnswers500AtOnce() async throws {
        let layer = FakeLayer()
        let log = InMemoryLogHandler()
        try await withWorker(layer, log: log) { worker in
            worker.on("http.request", at: "/") { _ in }
        } talk: { _ in
            let held = Self.request(layer, "/")
            let sent = try await layer.nextSent()
            #expect(sent.status == 500)
            #expect(sent.terms?.acknowledging === held)
            #expect(try await layer.nextCredit() == 1)
            #expect(log.errors.map { $0.hasPrefix("error a handler has ended without an answer") } == [true])
        }
    }

    @Test func aFailureIsToldAndOnlyRetryHasAnotherWorkerDoIt() async throws {
        let layer = FakeLayer()
        try await withWorker(layer) { worker in
            worker.on("http.request", path: "/oops") { _ in throw Oops() }
            worker.on("http.request", path: "/retry") { _ in throw Retry(after: .zero) }
            worker.on("http.request", path: "/dead") { _ in throw Dead("broken") }
            worker.on("http.request", at: "/begun") { message in
                try await message.reply(["status": 200, "content": "a", "more_content": true])
                throw Retry()
            }
        } talk: { _ in
            let oops = Self.request(layer, "/oops")
            var sent = try await layer.nextSent()
            #expect(sent.status == 500)
            #expect(sent.terms?.acknowledging === oops)
            let retry = Self.request(layer, "/retry")
            try #require(try await layer.nextVerdict() == .init(retry.id, .again(after: .zero)))
            let dead = Self.request(layer, "/dead")
            try #require(try await layer.nextVerdict() == .init(dead.id, .dead("broken")))
            sent = try await layer.nextSent()
            #expect(sent.status == 500)
            #expect(sent.terms == nil)
            let begun = Self.request(layer, "/begun")
            #expect(try await layer.nextSent().status == 200)
            sent = try await layer.nextSent()
            #expect(sent.status == 500)
            #expect(sent.terms?.acknowledging === begun)
            for _ in 0..<4 { #expect(try await layer.nextCredit() == 1) }
        }
    }

    /// By an older broker, nothing is acknowledged.
    @Test func withoutAcknowledgementAllIsAsBefore() async throws {
        let layer = FakeLayer()
        try await withWorker(layer) { worker in
            worker.on("http.request", path: "/") { _ in throw Retry() }
        } talk: { _ in
            layer.request(1, "/")
            let sent = try await layer.nextSent()
            #expect(sent.status == 500)
            #expect(sent.terms == nil)
        }
    }

    // MARK: Sockets

    private static func event(
        _ layer: FakeLayer, _ type: String, order: Int64 = 0, serial: Bool = true
    ) -> HeldMessage {
        layer.deliver(
            [
                "type": .string(type), "reply_channel": "websocket.send.s!1",
                "control_channel": "websocket.control.s!1", "path": "/", "order": .int(order),
                "serial": .bool(serial), "text": "hi",
            ], toBeAcknowledgedOn: type)
    }

    @Test func anEventIsAcknowledgedWithItsDone() async throws {
        let layer = FakeLayer()
        try await withWorker(layer) { worker in
            worker.onWebSocket(receive: { _, _ in })
        } talk: { _ in
            #expect(
                layer.terms?.acknowledgedIfKnown
                    == ["websocket.connect", "websocket.receive", "websocket.disconnect"])
            let connect = Self.event(layer, "websocket.connect")
            var sent = try await layer.nextSent()
            #expect(sent.message["accept"] == true)
            #expect(sent.terms?.acknowledging === connect)
            let receive = Self.event(layer, "websocket.receive", order: 1)
            sent = try await layer.nextSent()
            #expect(sent.message == ["done": 1])
            #expect(sent.terms?.acknowledging === receive)
            let unordered = Self.event(layer, "websocket.receive", order: 2, serial: false)
            try #require(try await layer.nextVerdict() == .init(unordered.id, .done))
        }
    }

    @Test func anEventThatIsToBeTriedAgainIsNotDone() async throws {
        let layer = FakeLayer()
        try await withWorker(layer) { worker in
            worker.onWebSocket(receive: { _, _ in throw Retry(after: .zero) })
        } talk: { _ in
            let held = Self.event(layer, "websocket.receive", order: 1)
            try #require(try await layer.nextVerdict() == .init(held.id, .again(after: .zero)))
            #expect(try await layer.nextCredit() == 1)
            #expect(layer.sent.isEmpty)
        }
    }

    // MARK: Leaving

    @Test func aWorkerThatLeavesFinishesAndAcknowledgesWhatItHas() async throws {
        let layer = FakeLayer()
        let (gate, entered) = (Gate(), Gate())
        try await withWorker(layer) { worker in
            worker.on("jobs", acknowledged: true) { _ in
                entered.open()
                await gate.wait()
            }
        } talk: { shutdown in
            let held = layer.deliver([:], toBeAcknowledgedOn: "jobs")
            await entered.wait()
            shutdown.triggerGracefulShutdown()
            try await layer.stopping()
            #expect(!held.isOver)
            gate.open()
            try #require(try await layer.nextVerdict() == .init(held.id, .done))
        }
    }

    @Test func whatWasGivenBackComesAgainUntilItIsDone() async throws {
        let broker = try await TestBroker()
        let worker = Worker(layer: broker.layer, clock: broker.clock)
        worker.on("jobs", acknowledged: true) { job in
            guard job.times == 3 else { throw Retry(after: .zero) }
            try await broker.makeLayer().send(["done": .int(Int64(job.times))], to: "results")
        }
        async let _ = worker.run()
        let results = try await broker.listen(to: "results")
        try await broker.layer.send(["n": 1], to: "jobs")
        #expect(try await results.nextMessage() == ["done": 3])
    }
}
