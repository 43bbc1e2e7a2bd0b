import SeawayHub
import SeawayWire
import TestSupport
import Testing

/// Acknowledged messages at the store itself: what the wire does not show (D9 to D15, S11, S12).
@Suite struct LeaseTests {
    private let hub: Hub
    private var now = 1_000

    init() {
        var configuration = HubConfiguration()
        configuration.maxHeld = 500
        self.hub = Hub(configuration: configuration)
    }

    private func reader(of name: String, credit: Int = 1_000_000) throws -> PeerID {
        let id = self.hub.connect()
        _ = try self.hub.listen(
            id, [try #require(Name(name))], wantsMembers: false, acknowledges: true, now: self.now)
        self.hub.ready(id, credit, nil)
        return id
    }

    /// - Returns: what the store says to keep of it.
    private func send(_ body: BodyID, to name: String, _ terms: SendTerms = SendTerms()) -> TermsOutcome {
        self.hub.send(
            to: Array(name.utf8).span, .normal, ifHeard: false, nil, terms, by: -1, body: body, size: 10, now: self.now)
    }

    /// How a message was delivered at once.
    private static func handover(_ outcome: TermsOutcome) throws -> Handover {
        guard case .sent(.held(_, let handover)) = outcome else { throw NotHeld(outcome: outcome) }
        return handover
    }

    private struct NotHeld: Error { let outcome: TermsOutcome }

    private func takeAll(_ id: PeerID) -> [WaitingDelivery] {
        var all: [WaitingDelivery] = []
        while let delivery = self.hub.next(for: id, now: self.now) { all.append(delivery) }
        return all
    }

    private func released() -> [BodyID] {
        var released: [BodyID] = []
        self.hub.takeReleased { released.append($0) }
        return released
    }

    @Test func theAccountComesBackToWhatItWas() throws {
        let before = self.hub.memoryInAll
        let id = try self.reader(of: "jobs")
        let listening = self.hub.memoryInAll
        var tags: [DeliveryTag] = []
        for body in 0..<50 { tags.append(DeliveryTag(try Self.handover(self.send(BodyID(body), to: "jobs")).tag)) }
        // The others wait first.
        self.hub.ready(id, 0, nil)
        for body in 50..<100 { #expect(self.send(BodyID(body), to: "jobs") == .sent(.stored)) }
        self.hub.ready(id, 1_000_000, nil)
        tags += self.takeAll(id).compactMap(\.handover?.tag).map(DeliveryTag.init)
        #expect(tags.count == 100)
        #expect(self.hub.memoryInAll > listening + 1_000)
        #expect(self.released() == [])
        let name = try #require(Name("jobs"))
        for tag in tags[..<30] { try self.hub.giveBack(id, tag, of: name, GiveBack(delay: 0), now: self.now) }
        for tag in tags[30..<60] { try self.hub.giveBack(id, tag, of: name, GiveBack(delay: 500), now: self.now) }
        #expect((self.hub.heldMessages, self.hub.delayedMessages, self.hub.queuedMessages) == (40, 30, 30))
        self.hub.acknowledge(tags, of: name)
        #expect((self.hub.heldMessages, self.hub.delayedMessages, self.hub.queuedMessages) == (0, 0, 0))
        #expect(self.released().sorted() == (0..<100).map(BodyID.init))
        #expect(self.hub.memoryInAll == listening)
        self.hub.disconnect(id, endMailboxes: true, now: self.now)
        #expect(self.hub.memoryInAll == before)
        #expect(self.hub.totals.channels == 0)
    }

    @Test func aTagOfSomethingThatIsOverStandsForNothing() throws {
        let id = try self.reader(of: "jobs")
        let name = try #require(Name("jobs"))
        let first = try Self.handover(self.send(1, to: "jobs"))
        self.hub.acknowledge([DeliveryTag(first.tag)], of: name)
        // The next takes the place of the first.
        let second = try Self.handover(self.send(2, to: "jobs"))
        #expect(first.tag != second.tag)
        self.hub.acknowledge([DeliveryTag(first.tag)], of: name)
        #expect(self.hub.heldMessages == 1)
        #expect(throws: WireRefusal.late) {
            try self.hub.hold(id, [DeliveryTag(second.tag), DeliveryTag(first.tag)], of: name, now: self.now)
        }
    }

    @Test func anotherStartGivesOtherTags() throws {
        let name = try #require(Name("jobs"))
        func tag(_ hub: Hub) throws -> UInt64 {
            let id = hub.connect()
            _ = try hub.listen(id, [name], wantsMembers: false, acknowledges: true, now: 0)
            hub.ready(id, 1, nil)
            let outcome = hub.send(to: name.bytes.span, .normal, ifHeard: false, body: 0, size: 2, now: 0)
            return try Self.handover(.sent(outcome)).tag
        }
        let tags = try (0..<4).map { _ in try tag(Hub(configuration: HubConfiguration())) }
        #expect(Set(tags).count == 4)
    }

    /// Else whoever gets the account next would have the share of two.
    @Test func whoHasSentItPaysUntilItIsAcknowledgedThoughItHasLeft() throws {
        var configuration = HubConfiguration()
        configuration.maxMemory = 100_000_000
        configuration.capacities = [(try #require(Pattern("*")), .init(messages: 1_000, bytes: 100_000_000))]
        let hub = Hub(configuration: configuration)
        let name = try #require(Name("jobs"))
        func send(_ id: PeerID, _ channel: String, _ size: Int) -> SendOutcome {
            hub.payer = hub.payer(of: id)
            return hub.send(to: Array(channel.utf8).span, .normal, ifHeard: false, body: 0, size: size, now: 0)
        }
        let reader = hub.connect(from: "r")
        _ = try hub.listen(reader, [name], wantsMembers: false, acknowledges: true, now: 0)
        let sender = hub.connect(from: "s")
        #expect(send(sender, "jobs", 60_000_000) == .stored)
        hub.disconnect(sender, endMailboxes: true, now: 0)
        hub.payer = 0
        hub.ready(reader, 1, nil)
        let tag = DeliveryTag(try #require(hub.next(for: reader, now: 0)?.handover).tag)
        let next = hub.connect(from: "n")
        hub.acknowledge([tag], of: name)
        #expect(send(next, "p", 60_000_000) == .stored)
        guard case .refused = send(next, "p", 30_000_000) else {
            Issue.record("one has more than three quarters")
            return
        }
    }

    @Test func whatWaitsLongestAndDeadLettersAreBounded() throws {
        var configuration = HubConfiguration()
        configuration.capacities = [(try #require(Pattern("*.dead")), .init(messages: 2))]
        let hub = Hub(configuration: configuration)
        let name = try #require(Name("jobs"))
        let id = hub.connect()
        _ = try hub.listen(id, [name], wantsMembers: false, acknowledges: true, now: 0)
        hub.ready(id, 9, nil)
        for body in 0..<3 {
            let outcome = hub.send(to: name.bytes.span, .normal, ifHeard: false, body: BodyID(body), size: 2, now: 0)
            let tag = DeliveryTag(try Self.handover(.sent(outcome)).tag)
            try hub.giveBack(id, tag, of: name, GiveBack(isDead: true), now: 0)
        }
        #expect(hub.queuedMessages == 2)
        #expect(hub.counters.dead == 3)
        #expect(hub.counters.dropped == [.dead: 1])
        #expect(hub.waiting(on: try #require(Name("jobs.dead")), now: 0).rows.map(\.body) == [1, 2])
    }

    /// Whatever happens in whatever order: nothing is lost, nothing is delivered twice at a time, and all sums are
    /// right.
    @Test(arguments: 0..<20)
    mutating func nothingIsLostAndNothingHeldTwice(seed: UInt64) throws {
        var random = SeededGenerator(seed: seed)
        let name = try #require(Name("jobs"))
        var readers = [try self.reader(of: "jobs"), try self.reader(of: "jobs", credit: 3)]
        var unfinished: Set<BodyID> = []
        var next: BodyID = 0
        var held: [(peer: PeerID, tag: UInt64, body: BodyID)] = []
        for _ in 0..<2_000 {
            switch Int.random(in: 0..<8, using: &random) {
            case 0, 1:
                let outcome = self.send(next, to: "jobs")
                if case .sent(.refused) = outcome { continue }
                if case .sent(.held(let peer, let handover)) = outcome { held.append((peer, handover.tag, next)) }
                unfinished.insert(next)
                next += 1
            case 2:
                let terms = SendTerms(delay: Int.random(in: 1...50, using: &random))
                if case .sent(.stored) = self.send(next, to: "jobs", terms) {
                    unfinished.insert(next)
                    next += 1
                }
            case 3:
                for id in readers {
                    for delivery in self.takeAll(id) {
                        let handover = try #require(delivery.handover)
                        #expect(!held.contains { $0.body == delivery.body })
                        held.append((id, handover.tag, delivery.body))
                    }
                }
            case 4:
                guard let one = held.randomElement(using: &random) else { continue }
                self.hub.acknowledge([DeliveryTag(one.tag)], of: name)
                held.removeAll { $0.tag == one.tag }
                #expect(unfinished.remove(one.body) != nil)
            case 5:
                guard let one = held.randomElement(using: &random) else { continue }
                let delay = Bool.random(using: &random) ? 0 : 20
                try self.hub.giveBack(one.peer, DeliveryTag(one.tag), of: name, GiveBack(delay: delay), now: self.now)
                held.removeAll { $0.tag == one.tag }
            case 6:
                let place = Int.random(in: readers.indices, using: &random)
                held.removeAll { $0.peer == readers[place] }
                self.hub.disconnect(readers[place], endMailboxes: Bool.random(using: &random), now: self.now)
                readers[place] = try self.reader(of: "jobs")
            default:
                self.now += Int.random(in: 1...100, using: &random)
                self.hub.wake(now: self.now)
            }
            let gone = self.released()
            #expect(gone.allSatisfy { !unfinished.contains($0) })
            #expect(self.hub.heldMessages == held.count)
            #expect(self.hub.heldMessages + self.hub.delayedMessages + self.hub.queuedMessages == unfinished.count)
        }
        #expect(next > 300)
    }
}
