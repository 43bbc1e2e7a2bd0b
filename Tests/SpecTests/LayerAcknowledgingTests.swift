import BrokerSupport
import SeawayBroker
import SeawayHub
import SeawayMessage
import Synchronization
import Testing

/// Every layer does the same, whatever lies between it and the broker: messages that are acknowledged, and sends on
/// terms.
@Suite(.timeLimit(.minutes(5))) struct LayerAcknowledgingTests {
    @Test(arguments: LayerKind.allCases)
    func whatIsAcknowledgedIsGivenOutNeverAgain(kind: LayerKind) async throws {
        try await LayerHouse.run(kind) { house in
            let layer = try await house.settledLayer()
            let hand = Hand(layer, "jobs")
            try await layer.send(["n": 1], to: "jobs")
            try await layer.settle()
            let held = try #require(hand.take().first?.held)
            #expect(held.channel == "jobs")
            #expect(held.times == 1)
            #expect(try await house.statistics()["held"] == 1)
            try await held.acknowledge()
            #expect(held.isOver)
            try await held.acknowledge()
            #expect(try await house.statistics()["held"] == 0)
            #expect(await held.answer(to: .held).code == "late")
            #expect(await held.answer(to: .again(after: nil)).code == "late")
        }
    }

    @Test(arguments: LayerKind.allCases)
    func whatIsGivenBackComesAgainWhenItIsDue(kind: LayerKind) async throws {
        try await LayerHouse.run(kind) { house in
            let layer = try await house.settledLayer()
            let hand = Hand(layer, "jobs")
            try await layer.send(["n": 1], to: "jobs")
            try await layer.settle()
            try await #require(hand.take().first?.held).giveBack(after: .zero)
            try await layer.settle()
            let again = try #require(hand.take().first?.held)
            #expect(again.times == 2)
            try await again.giveBack(after: .milliseconds(300))
            try await layer.settle()
            #expect(hand.take().isEmpty)
            try await house.advance(by: .milliseconds(300))
            try await layer.settle()
            #expect(hand.take().map(\.held?.times) == [3])
        }
    }

    @Test(arguments: LayerKind.allCases)
    func aDeadLetterSaysWhy(kind: LayerKind) async throws {
        try await LayerHouse.run(kind) { house in
            let layer = try await house.settledLayer()
            let hand = Hand(layer, "jobs")
            try await layer.send(["n": 1], to: "jobs")
            try await layer.settle()
            try await #require(hand.take().first?.held).dead("no such address: 100 % müller=1")
            let graves = Hand(layer, "jobs.dead")
            try await layer.settle()
            let letter = try #require(graves.take().first)
            #expect(try Message(letter.body) == ["n": 1])
            #expect(letter.held?.times == 1)
            let grave = try #require(letter.deadLetter)
            #expect(grave.cause == .nak)
            #expect(grave.tries == 1)
            #expect(grave.reason == "no such address: 100 % müller=1")
            #expect(hand.take().isEmpty)
        }
    }

    @Test(arguments: LayerKind.allCases)
    func whoStopsListeningMayStillAcknowledge(kind: LayerKind) async throws {
        try await LayerHouse.run(kind) { house in
            let layer = try await house.settledLayer()
            let hand = Hand(layer, "jobs")
            for number in 1...2 { try await layer.send(["n": .int(Int64(number))], to: "jobs") }
            try await layer.settle()
            let held = hand.take().compactMap(\.held)
            #expect(held.count == 2)
            hand.stop()
            try await layer.settle()
            try await house.advance(by: .seconds(3))
            #expect(try await house.statistics()["held"] == 2)
            try await held[0].acknowledge()
            try await held[1].giveBack(after: .zero)
            let next = Hand(layer, "jobs")
            try await layer.settle()
            #expect(try next.take().map { try Message($0.body) } == [["n": 2]])
        }
    }

    @Test(arguments: LayerKind.allCases)
    func anAnswerAcknowledgesWhatItAnswers(kind: LayerKind) async throws {
        try await LayerHouse.run(kind) { house in
            let layer = try await house.settledLayer()
            let hand = Hand(layer, "jobs")
            try await layer.send(["n": 1], to: "jobs")
            try await layer.settle()
            let held = try #require(hand.take().first?.held)
            // What is refused acknowledges nothing.
            let away = await layer.answer(to: ["ok": true], "answers", on: .init(acknowledging: held), ifHeard: true)
            #expect(away.code == "away")
            #expect(!held.isOver)
            #expect(try await house.statistics()["held"] == 1)
            #expect(await layer.answer(to: ["ok": true], "answers", on: .init(acknowledging: held)) == .done)
            #expect(held.isOver)
            #expect(try await house.statistics()["held"] == 0)
        }
    }

    /// A layer cannot say for another connection that a message is done in the same frame; it is said behind.
    @Test(arguments: LayerKind.allCases)
    func anAnswerByAnotherLayerAcknowledgesToo(kind: LayerKind) async throws {
        try await LayerHouse.run(kind) { house in
            let layer = try await house.settledLayer()
            let other = try await house.settledLayer()
            let hand = Hand(layer, "jobs")
            try await other.send(["n": 1], to: "jobs")
            try await layer.settle()
            let held = try #require(hand.take().first?.held)
            #expect(await other.answer(to: ["ok": true], "answers", on: .init(acknowledging: held)) == .done)
            try await layer.settle()
            #expect(try await house.statistics()["held"] == 0)
        }
    }

    @Test(arguments: LayerKind.allCases)
    func ofSeveralWithOneKeyTheFirstCounts(kind: LayerKind) async throws {
        try await LayerHouse.run(kind) { house in
            let layer = try await house.settledLayer()
            for number in 1...3 {
                let terms = MessageTerms(once: "order-17")
                #expect(await layer.answer(to: ["n": .int(Int64(number))], "jobs", on: terms) == .done)
            }
            let hand = Hand(layer, "jobs")
            try await layer.settle()
            #expect(try hand.take().map { try Message($0.body) } == [["n": 1]])
        }
    }

    @Test(arguments: LayerKind.allCases)
    func aMessageForLaterComesWhenItIsDue(kind: LayerKind) async throws {
        try await LayerHouse.run(kind) { house in
            let layer = try await house.settledLayer()
            let hand = Hand(layer, "jobs")
            #expect(await layer.answer(to: ["n": 1], "jobs", on: .init(delay: .milliseconds(200))) == .done)
            try await layer.settle()
            #expect(hand.take().isEmpty)
            try await house.advance(by: .milliseconds(200))
            try await layer.settle()
            #expect(hand.take().count == 1)
        }
    }

    @Test(arguments: LayerKind.allCases)
    func termsThatMakeNoSenseAreRefused(kind: LayerKind) async throws {
        try await LayerHouse.run(kind) { house in
            let layer = try await house.settledLayer()
            let bad = [
                MessageTerms(delay: .zero), MessageTerms(delay: .seconds(86_401)), MessageTerms(once: ""),
                MessageTerms(once: String(repeating: "k", count: 65)), MessageTerms(once: "a b"),
            ]
            for terms in bad { #expect(await layer.answer(to: [:], "jobs", on: terms).code == "option", "\(terms)") }
            let good = MessageTerms(delay: .seconds(86_400), once: String(repeating: "k", count: 64))
            #expect(await layer.answer(to: [:], "jobs", on: good) == .done)
            let hand = Hand(layer, "jobs.now")
            try await layer.send([:], to: "jobs.now")
            try await layer.settle()
            let held = try #require(hand.take().first?.held)
            #expect(await held.answer(to: .again(after: .seconds(86_401))).code == "option")
            #expect(await held.answer(to: .again(after: .seconds(86_400))) == .done)
        }
    }

    @Test(arguments: LayerKind.allCases)
    func whatIsNoNormalChannelCannotBeAcknowledged(kind: LayerKind) async throws {
        try await LayerHouse.run(kind) { house in
            let layer = try await house.settledLayer()
            for name in ["box!", String(repeating: "x", count: 251)] {
                let hand = Hand(layer, name)
                try await layer.settle()
                #expect(hand.refusals == ["option"], "\(name)")
            }
            // Where that is only wished for it is listened on as others are.
            let wished = Hand(layer, "box!", terms: ListeningTerms(acknowledgedIfKnown: ["box!"]))
            try await layer.send([:], to: "box!1")
            try await layer.settle()
            #expect(wished.refusals.isEmpty)
            #expect(wished.take().map(\.held?.id) == [nil])
        }
    }

    /// D13: at a third of its time the layer holds by itself what is in hand.
    @Test(arguments: [LayerKind.inProcess, .ownLoop])
    func whatIsInHandForLongIsHeldAnew(kind: LayerKind) async throws {
        try await LayerHouse.run(kind) { house in
            let layer = try await house.settledLayer()
            let kept = Hand(layer, "jobs")
            let left = Hand(layer, "others", terms: ListeningTerms(acknowledged: ["others"], hold: nil))
            try await layer.send([:], to: "jobs")
            try await layer.send([:], to: "others")
            try await layer.settle()
            #expect(kept.take().count == 1)
            #expect(left.take().count == 1)
            for _ in 0..<12 { try await house.advance(by: .seconds(100)) }
            try await layer.settle()
            #expect(kept.take().isEmpty)
            #expect(left.take().map(\.held?.times) == [2, 3])
        }
    }
}

/// Everything that comes by one acknowledged listening.
final class Hand: Sendable {
    private let deliveries = Mutex<[Delivery]>([])
    private let refused = Mutex<[String]>([])
    private let listening = Mutex<(any Listening)?>(nil)

    init(_ layer: any ChannelLayer, _ name: String, terms: ListeningTerms? = nil) {
        let listening = layer.listen(to: [name], terms: terms ?? ListeningTerms(acknowledged: [name])) { delivery in
            self.deliveries.withLock { $0.append(delivery) }
        } event: { event in
            if case .refused(let refusal) = event { self.refused.withLock { $0.append(refusal.code) } }
        }
        listening.ready(100)
        self.listening.withLock { $0 = listening }
    }

    var refusals: [String] { self.refused.withLock { $0 } }

    /// What has come since it was asked last.
    func take() -> [Delivery] {
        self.deliveries.withLock { deliveries in
            defer { deliveries = [] }
            return deliveries
        }
    }

    func stop() { self.listening.withLock { $0 }?.stop {} }
}

extension HeldMessage {
    func answer(to verdict: Verdict) async -> SendAnswer {
        await withCheckedContinuation { continuation in
            self.say(verdict) { continuation.resume(returning: $0) }
        }
    }
}

extension ChannelLayer {
    func answer(
        to message: Message, _ channel: String, on terms: MessageTerms, ifHeard: Bool = false
    ) async -> SendAnswer {
        await withCheckedContinuation { continuation in
            self.send(
                message.payload, to: channel, ifHeard: ifHeard, stream: nil, bounds: nil, terms: terms
            ) { continuation.resume(returning: $0) }
        }
    }
}
