import SeawayClient
import SeawayMessage
import SeawayWire
import Testing

/// What a client has to say of messages in hand.
@Suite struct HoldingsTests {
    private final class Nobody: MessageHolder {
        func take(
            _ verdict: HeldMessage.Verdict, of message: HeldMessage,
            answer: @escaping @Sendable (SendAnswer) -> Void
        ) { answer(.done) }
    }

    private func message(_ id: String, on channel: String = "jobs", connection: Int = 1) -> HeldMessage {
        HeldMessage(
            channel: channel, id: id, times: 1, carrier: Carrier(connection: connection), holder: Nobody())
    }

    private static func lines<Says>(_ said: [(line: ClientLine, says: Says)]) -> [ClientLine] { said.map { $0.line } }

    private func due(_ message: HeldMessage) -> WireHoldings.Acknowledgement { .init(message) { _ in } }

    @Test func severalAcknowledgementsOfAChannelShareALine() {
        var holdings = WireHoldings()
        for (id, channel) in [("1", "jobs"), ("2", "mail"), ("s3", "jobs")] {
            do {
                let isTaken = holdings.acknowledge(self.due(self.message(id, on: channel)))
                #expect(isTaken)
            }
        }
        let lines = holdings.takeLines().map { $0.line }
        #expect(lines == [ClientLine("ACK", ["jobs", "1", "s3"]), ClientLine("ACK", ["mail", "2"])])
        #expect(holdings.takeLines().isEmpty)
    }

    @Test func aLineHoldsNoMoreThanABrokerTakes() {
        var holdings = WireHoldings()
        for number in 0..<200 {
            let id = String(repeating: "x", count: 60) + "\(1_000 + number)"
            do {
                let isTaken = holdings.acknowledge(self.due(self.message(id)))
                #expect(isTaken)
            }
        }
        let lines = holdings.takeLines()
        #expect(lines.count == 4)
        #expect(lines.allSatisfy { $0.line.lengthRefusal() == nil })
        #expect(lines.dropLast().allSatisfy { $0.line.length + 65 > WireLimits().maxLine })
        #expect(lines.reduce(0) { $0 + $1.says.count } == 200)
    }

    @Test func whatWasNotAnsweredIsSaidAgainToTheSameBroker() {
        var holdings = WireHoldings()
        #expect(holdings.greeted(epoch: "a", connection: 1).isEmpty)
        do {
            let isTaken = holdings.acknowledge(self.due(self.message("1")))
            #expect(isTaken)
        }
        let said = holdings.takeLines().flatMap { $0.says }
        holdings.lost(unanswered: said)
        #expect(holdings.greeted(epoch: "a", connection: 2).isEmpty)
        #expect(Self.lines(holdings.takeLines()) == [ClientLine("ACK", ["jobs", "1"])])
    }

    @Test func atABrokerThatWasStartedAnewAnIDWouldStandForAnotherMessage() {
        var holdings = WireHoldings()
        #expect(holdings.greeted(epoch: "a", connection: 1).isEmpty)
        do {
            let isTaken = holdings.acknowledge(self.due(self.message("1")))
            #expect(isTaken)
        }
        holdings.lost(unanswered: [])
        #expect(holdings.greeted(epoch: "b", connection: 2).map(\.message.id) == ["1"])
        #expect(holdings.takeLines().isEmpty)
        do {
            let isTaken = holdings.acknowledge(self.due(self.message("2", connection: 1)))
            #expect(!isTaken)
        }
        do {
            let isTaken = holdings.acknowledge(self.due(self.message("3", connection: 2)))
            #expect(isTaken)
        }
    }

    @Test func whatIsInHandIsHeldAnewAtAThirdOfItsTime() {
        var holdings = WireHoldings()
        let (short, long, over) = (self.message("1"), self.message("2"), self.message("3"))
        holdings.schedule.add(short, every: 100, now: 0)
        holdings.schedule.add(long, every: 250, now: 0)
        holdings.schedule.add(over, every: 100, now: 0)
        over.say(.done) { _ in }
        #expect(holdings.takeHolds(now: 99).isEmpty)
        #expect(Self.lines(holdings.takeHolds(now: 100)) == [ClientLine("HOLD", ["jobs", "1"])])
        #expect(holdings.takeHolds(now: 199).isEmpty)
        #expect(Self.lines(holdings.takeHolds(now: 250)) == [ClientLine("HOLD", ["jobs", "1", "2"])])
        holdings.schedule.remove(short)
        #expect(Self.lines(holdings.takeHolds(now: 500)) == [ClientLine("HOLD", ["jobs", "2"])])
        holdings.lost(unanswered: [])
        #expect(holdings.takeHolds(now: 10_000).isEmpty)
    }

    @Test func whatIsOverIsNotKeptInMind() {
        var schedule = HoldSchedule()
        for number in 0..<10_000 {
            let message = self.message("\(number)")
            schedule.add(message, every: 200_000, now: number)
            message.say(.done) { _ in }
        }
        #expect(schedule.count <= 64)
    }
}
