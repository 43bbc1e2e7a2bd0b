import Logging
import SeawayBridge
import SeawayMessage
import SeawayTesting
import TestSupport
import Testing

@Suite(.timeLimit(.minutes(1))) struct PumpTests {
    private static let full = SendAnswer.refused(Refusal(code: "full"))
    private static let unreachable = SendAnswer.refused(Refusal(code: "unreachable"))
    private let tally = BridgeTally(logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })

    private func pump(
        _ layer: any ChannelLayer, messages: Int = 1_000, _ overflow: PumpConfiguration.Overflow = .wait,
        clock: any Clock<Duration> = InstantClock()
    ) -> Pump {
        var configuration = PumpConfiguration()
        configuration.messages = messages
        configuration.overflow = overflow
        return Pump(layer, configuration, tally: self.tally, clock: clock)
    }

    private func payload(_ number: Int) -> Payload { Message([("n", .int(Int64(number)))]).payload }

    @Test func aThousandMessagesKeepTheirOrderThoughEveryThirdIsRefusedAtFirst() async {
        let layer = FakeLayer { number, _ in number % 3 == 0 ? Self.full : .done }
        let pump = self.pump(layer, messages: 7)
        async let running: Void = pump.run()
        for number in 0..<1_000 {
            let isTaken = await pump.put(self.payload(number), to: number % 2 == 0 ? .group("even") : .channel("odd"))
            #expect(isTaken)
        }
        pump.close()
        await running
        #expect(layer.numbers(for: "even") == (0..<500).map { 2 * $0 })
        #expect(layer.numbers(for: "odd") == (0..<500).map { 2 * $0 + 1 })
        #expect(self.tally.counts.sent == 1_000)
        #expect(self.tally.counts.retried == layer.sent.count - 1_000)
        #expect(self.tally.counts.members == 1_000)
        #expect(self.tally.counts.allDropped == 0)
    }

    @Test func aSourceWaitsForRoomAndGetsIt() async {
        let layer = FakeLayer()
        let pump = self.pump(layer, messages: 1)
        let first = await pump.put(self.payload(0), to: .channel("log"))
        async let second = pump.put(self.payload(1), to: .channel("log"))
        async let running: Void = pump.run()
        let both = [first, await second]
        #expect(both == [true, true])
        pump.close()
        await running
        #expect(layer.numbers(for: "log") == [0, 1])
    }

    @Test func aPumpThatDropsNeverLetsASourceWait() async {
        let layer = FakeLayer()
        let pump = self.pump(layer, messages: 2, .drop)
        for number in 0..<5 { #expect(await pump.put(self.payload(number), to: .channel("log"))) }
        pump.close()
        await pump.run()
        #expect(layer.numbers(for: "log") == [0, 1])
        #expect(self.tally.counts.dropped == [.overflow: 3])
    }

    @Test(arguments: [
        ("full", BridgeDrop.full), ("limit", .full), ("unreachable", .unreachable), ("closing", .unreachable),
        ("gone", .gone),
        ("payload", .payload), ("size", .size), ("name", .name), ("denied", .refused), ("something", .refused),
    ])
    func aPumpThatDropsCountsWhatWasRefused(_ code: String, _ reason: BridgeDrop) async {
        let layer = FakeLayer { number, _ in number == 0 ? .refused(Refusal(code: code)) : .done }
        let pump = self.pump(layer, .drop)
        for number in 0..<2 { _ = await pump.put(self.payload(number), to: .channel("log")) }
        pump.close()
        await pump.run()
        #expect(layer.numbers(for: "log") == [1])
        #expect(self.tally.counts.dropped == [reason: 1])
    }

    @Test(arguments: ["gone", "payload", "size", "name", "denied"])
    func whatWillNeverBeTakenIsNotSentAgain(_ code: String) async {
        let layer = FakeLayer { number, _ in number == 0 ? .refused(Refusal(code: code)) : .done }
        let pump = self.pump(layer)
        for number in 0..<2 { _ = await pump.put(self.payload(number), to: .channel("log")) }
        pump.close()
        await pump.run()
        #expect(layer.sent.count == 2)
        #expect(self.tally.counts.allDropped == 1)
    }

    @Test func whatIsUnknownIsNotSentTwice() async {
        let layer = FakeLayer { number, _ in number == 0 ? .unknown : .done }
        let pump = self.pump(layer)
        for number in 0..<2 { _ = await pump.put(self.payload(number), to: .group("news")) }
        pump.close()
        await pump.run()
        #expect(layer.numbers(for: "news") == [1])
        #expect(self.tally.counts.dropped == [.unknown: 1])
    }

    @Test func aFullChannelDoesNotHoldUpAnother() async throws {
        let broker = try await TestBroker(TestLimits(capacities: ["slow": 1]))
        let pump = self.pump(broker.layer, clock: broker.clock)
        async let running: Void = pump.run()
        for number in 0..<2 { _ = await pump.put(self.payload(number), to: .channel("slow")) }
        await broker.clock.waitForSleepers()
        let reader = try await broker.listen(to: "quick")
        _ = await pump.put(self.payload(7), to: .channel("quick"))
        let quick = try await reader.nextMessage()
        #expect(quick == ["n": 7])

        let slow = try await broker.listen(to: "slow")
        let first = try await slow.nextMessage()
        try await broker.advance(by: .milliseconds(10))
        let second = try await slow.nextMessage()
        #expect([first, second] == [["n": 0], ["n": 1]])
        pump.close()
        await running
    }

    @Test func whatIsSentBehindOthersOvertakesNoneOfThem() async {
        let layer = FakeLayer { number, _ in number < 3 ? Self.full : .done }
        let pump = self.pump(layer)
        _ = await pump.put(self.payload(1), to: .channel("answers"))
        _ = await pump.put(self.payload(2), to: .channel("done"), behind: .channel("answers"))
        pump.close()
        await pump.run()
        #expect(layer.sent.count == 5 && layer.numbers(for: "answers") == [1] && layer.numbers(for: "done") == [2])
    }

    @Test func aBrokerThatNeverAnswersDoesNotHoldWhoIsCancelled() async throws {
        let layer = FakeLayer { _, _ in nil }
        let pump = self.pump(layer)
        for number in 0..<2 { _ = await pump.put(self.payload(number), to: .channel("log")) }
        try await withThrowingTaskGroup { group in
            group.addTask { await pump.run() }
            _ = try await layer.nextSent()
            group.cancelAll()
        }
        #expect(self.tally.counts.dropped == [.unknown: 1, .shutdown: 1])
    }

    @Test func whoIsCancelledCountsWhatIsLeft() async throws {
        let layer = FakeLayer { _, _ in Self.unreachable }
        let broker = try await TestBroker()
        let pump = self.pump(layer, clock: broker.clock)
        for number in 0..<3 { _ = await pump.put(self.payload(number), to: .channel("log")) }
        await withTaskGroup { group in
            group.addTask { await pump.run() }
            await broker.clock.waitForSleepers()
            group.cancelAll()
        }
        #expect(self.tally.counts.dropped == [.shutdown: 3])
        let late = await pump.put(self.payload(4), to: .channel("log"))
        #expect(!late)
    }
}

extension TestLimits {
    fileprivate init(capacities: [String: Int]) {
        self.init()
        self.capacities = capacities.map { Capacity($0.key, messages: $0.value) }
    }
}

extension FakeLayer {
    /// The field `n` of what was taken for a name, in order.
    fileprivate func numbers(for name: String) -> [Int64] {
        self.taken.filter { $0.channel == name }.compactMap { $0.message["n"]?.int }
    }
}
