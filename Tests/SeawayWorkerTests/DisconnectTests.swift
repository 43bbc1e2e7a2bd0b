import InMemoryLogging
import Logging
import SeawayMessage
import SeawayTesting
import SeawayWorker
import ServiceLifecycleTestKit
import TestSupport
import Testing

/// I27: who works for nobody is cancelled.
@Suite(.timeLimit(.minutes(1))) struct DisconnectTests {
    @Test func aRequestThatNobodyWaitsForIsCancelled() async throws {
        let house = try await DisconnectHouse()
        try await house.run(concurrency: 1) { layer in
            let channel = try await house.nameOne(1)
            #expect(channel.wholeMatch(of: /http\.disconnect\.[a-z0-9]{8,}![0-9]+/) != nil)
            layer.disconnect(channel, 1)
            #expect(await house.ended.next())
            #expect(try await layer.nextCredit() == 1)
            // Its one consumer goes on, in a task that is not cancelled.
            layer.request(2, "/quick")
            #expect(try await layer.nextSent().content == "quick")
            #expect(try await layer.nextCredit() == 1)
            let next = try await house.nameOne(3, isFirst: false)
            #expect(next != channel)
            layer.disconnect(next, 3)
            #expect(await house.ended.next())
        }
        #expect(house.log.errors == [])
        #expect(
            house.log.lines.contains(
                "debug nobody waits for the answer any more channel=http.request method=GET path=/slow"))
        _ = try await house.layer.nextStoppedAside()
    }

    @Test func goneToTheNamingSaysTheSame() async throws {
        let house = try await DisconnectHouse { _, sent in
            sent.message["disconnect_channel"] != nil ? .refused(Refusal(code: "gone")) : .done
        }
        try await house.run { layer in
            _ = try await house.nameOne(1)
            #expect(await house.ended.next())
            #expect(try await layer.nextCredit() == 1)
        }
        #expect(house.log.errors == [])
    }

    /// Whatever the handler makes of the error.
    @Test func goneToAPieceSaysTheSame() async throws {
        let house = try await DisconnectHouse { number, _ in number == 0 ? .done : .refused(Refusal(code: "gone")) }
        let (begun, ended) = (house.begun, house.ended)
        try await house.run { worker in
            worker.on("http.request", path: "/stream") { _ in
                .stream { writer in
                    try await writer.write("one")
                    try? await writer.write("two")
                    try await waitLong(begun, ended)
                }
            }
            worker.on("http.request", at: "/raw") { message in
                try? await message.reply(["status": 200])
                #expect(message.isGone)
                try await waitLong(begun, ended)
            }
        } talk: { layer in
            for path in ["/stream", "/raw"] {
                layer.request(1, path)
                await begun.next()
                #expect(await ended.next())
                try #require(try await layer.nextCredit() == 1)
            }
        }
        #expect(house.log.errors == [])
    }

    @Test func whatAHandlerStillReturnsOrThrowsIsNotSent() async throws {
        struct Wrapped: Error {}
        let house = try await DisconnectHouse()
        let (begun, ended) = (house.begun, house.ended)
        try await house.run { worker in
            worker.on("http.request", path: "/returns") { _ in
                try? await waitLong(begun, ended)
                return .text("late")
            }
            worker.on("http.request", path: "/throws") { _ in
                try? await waitLong(begun, ended)
                throw Wrapped()
            }
            worker.on("http.request", at: "/silent") { _ in try? await waitLong(begun, ended) }
        } talk: { layer in
            for (place, path) in ["/returns", "/throws", "/silent"].enumerated() {
                layer.request(1, path)
                await begun.next()
                let sent = try await house.passNotice(isFirst: place == 0)
                let channel = try #require(sent.message["disconnect_channel"]?.string)
                layer.disconnect(channel, 1)
                #expect(await ended.next())
                #expect(try await layer.nextCredit() == 1)
            }
        }
        house.layer.send(Message().payload, to: "end", ifHeard: false) { _ in }
        #expect(try await house.layer.nextSent().channel == "end")
        #expect(house.log.errors == [])
    }

    @Test func anAnswerThatIsBeingWrittenIsBrokenOff() async throws {
        let house = try await DisconnectHouse()
        let (begun, ended) = (house.begun, house.ended)
        try await house.run { worker in
            worker.on("http.request", path: "/stream") { _ in
                .stream { writer in
                    try await writer.write("one")
                    try await waitLong(begun, ended)
                }
            }
        } talk: { layer in
            layer.request(1, "/stream")
            #expect(try await layer.nextSent().content == "one")
            await begun.next()
            let sent = try await house.passNotice()
            let channel = try #require(sent.message["disconnect_channel"]?.string)
            layer.disconnect(channel, 1)
            #expect(await ended.next())
            #expect(try await layer.nextCredit() == 1)
        }
        #expect(house.log.errors == [])
    }

    // MARK: Leaving

    @Test func aWorkerThatLeavesStillHearsOfIt() async throws {
        let house = try await DisconnectHouse()
        let (layer, begun, ended) = (house.layer, house.begun, house.ended)
        try await withWorker(layer, notice: .milliseconds(250), clock: house.broker.clock) { worker in
            worker.on("http.request", path: "/slow") { _ in
                try await waitLong(begun, ended)
                return .text("late")
            }
        } talk: { shutdown in
            let channel = try await house.nameOne(1)
            shutdown.triggerGracefulShutdown()
            try await layer.stopping()
            layer.disconnect(channel, 1)
            #expect(await ended.next())
        }
        _ = try await layer.nextStoppedAside()
    }

    /// Whoever still waits has an answer when the worker's time is over.
    @Test func aWorkerThatIsCancelledAnswersWhatItHas() async throws {
        let layer = FakeLayer(opening: nil)
        let (begun, ended) = (Inbox<Void>(), Inbox<Bool>())
        let log = InMemoryLogHandler()
        let worker = Worker(layer: layer, concurrency: 2, logger: Logger(label: "test") { _ in log })
        worker.on("http.request", path: "/") { _ in
            try await waitLong(begun, ended)
            return .text("late")
        }
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await worker.run() }
            _ = try await layer.nextCredit()
            // The third is prefetched.
            for number in 1...3 { layer.request(number, "/") }
            for _ in 1...2 { await begun.next() }
            group.cancelAll()
            var answered: Set<String> = []
            for _ in 1...3 {
                let answer = try await layer.nextSent()
                #expect(answer.status == 500)
                answered.insert(answer.channel)
            }
            #expect(answered.count == 3)
            try await group.waitForAll()
        }
        #expect(log.errors.count == 3)
    }

    // MARK: Over a broker

    /// The example of ``TestBroker/request(_:_:query:headers:body:on:)``.
    @Test(arguments: [true, false])
    func aClientThatLeavesCancelsItsConsumer(leavesBeforeTheNaming: Bool) async throws {
        let broker = try await TestBroker()
        let (begun, ended) = (Inbox<Void>(), Inbox<Bool>())
        let log = InMemoryLogHandler.whole
        let worker = Worker(layer: broker.layer, clock: broker.clock, logger: Logger(label: "test") { _ in log })
        worker.on("http.request", path: "/slow") { _ in
            try await waitLong(begun, ended)
            return .text("late")
        }
        async let _ = worker.run()
        let client = Task { try await broker.request("GET", "/slow") }
        await begun.next()
        if leavesBeforeTheNaming { client.cancel() }
        try await broker.advance(by: .milliseconds(250))
        client.cancel()
        await #expect(throws: CancellationError.self) { _ = try await client.value }
        #expect(await ended.next())
        #expect(log.errors == [])
    }
}
