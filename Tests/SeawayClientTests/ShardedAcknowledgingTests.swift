import BrokerSupport
import SeawayClient
import SeawayMessage
import Synchronization
import Testing

/// Messages that several brokers have delivered.
@Suite(.timeLimit(.minutes(5))) struct ShardedAcknowledgingTests {
    /// Everything that has come by an acknowledged listening.
    private final class Hand: Sendable {
        private let came = Mutex<[HeldMessage]>([])
        private let listening = Mutex<(any Listening)?>(nil)

        init(_ layer: any ChannelLayer, _ name: String) {
            let terms = ListeningTerms(acknowledged: [name])
            let listening = layer.listen(to: [name], terms: terms) { delivery in
                guard let held = delivery.held else { return }
                self.came.withLock { $0.append(held) }
            } event: { _ in
            }
            listening.ready(100)
            self.listening.withLock { $0 = listening }
        }

        var all: [HeldMessage] { self.came.withLock { $0 } }
    }

    private static func held(_ house: ShardHouse, _ brokers: Range<Int> = 0..<3) async throws -> [Int64] {
        var counts: [Int64] = []
        for broker in brokers {
            counts.append(try Message(json: try await house.ask(broker, "STATS"))["held"]?.int ?? -1)
        }
        return counts
    }

    @Test func anAcknowledgementGoesToTheBrokerThatTheMessageCameFrom() async throws {
        try await ShardHouse.run { house in
            let layer = try await house.layer()
            let hand = Hand(layer, "jobs")
            for number in 0..<6 { try await layer.send(["n": .int(Int64(number))], to: "jobs") }
            try await house.wait { hand.all.count == 6 }
            #expect(try await Self.held(house) == [2, 2, 2])
            for message in hand.all.prefix(3) { try await message.acknowledge() }
            // An answer goes where its channel is, and acknowledges at another broker behind that.
            for message in hand.all.suffix(3) {
                try await layer.send(["ok": true], to: "answers!1", terms: MessageTerms(acknowledging: message))
            }
            try await house.wait { try await Self.held(house) == [0, 0, 0] }
            #expect(hand.all.allSatisfy { $0.isOver })
        }
    }

    @Test func messagesWithOneKeyGoToOneBroker() async throws {
        try await ShardHouse.run { house in
            let layer = try await house.layer()
            for _ in 0..<9 { try await layer.send(["n": 1], to: "jobs", terms: MessageTerms(once: "order-17")) }
            var waiting: [Int64?] = []
            for broker in 0..<3 {
                waiting.append(try Message(json: try await house.ask(broker, "PEEK jobs"))["messages"]?.int)
            }
            #expect(waiting.compactMap { $0 }.sorted() == [0, 0, 1])
        }
    }

    /// The broker that had it is no more, and an ID would stand for another message at the next.
    @Test func anAcknowledgementBehindALostBrokerIsLate() async throws {
        try await ShardHouse.run(1) { house in
            let layer = try await house.anyLayer(failover: .seconds(10))
            let hand = Hand(layer, "jobs")
            try await layer.send(["n": 1], to: "jobs")
            try await house.wait { hand.all.count == 1 }
            try await house.kill(0)
            try await house.restart(0)
            try await house.wait { layer.isConnected }
            let message = try #require(hand.all.first)
            let late = await #expect(throws: ClientError.self) { try await message.acknowledge() }
            #expect(late?.refusal?.code == "late")
            let lost = await #expect(throws: ClientError.self) { try await message.giveBack() }
            #expect(lost?.refusal?.code == "late")
        }
    }
}
