import SeawayWire
import TestSupport
import Testing

/// A reader and its brokers, among which others join and leave while brokers die, come back, and come back empty (B14
/// to B16).
@Suite struct ShardMembersTests {
    @Test(arguments: 1...100 as ClosedRange<UInt64>)
    func inTheEndAllBrokersHoldTheSame(seed: UInt64) {
        var house = MemberHouse(seed: seed)
        for _ in 0..<400 { house.step() }
        house.settle()
        for broker in house.live { #expect(house.held(broker) == house.truth, "broker \(broker), seed \(seed)") }
    }
}

/// Brokers as far as memberships go: each does what it is told in order, and what it tells comes in order.
private struct MemberHouse {
    typealias Membership = ShardMembers.Membership

    private enum Push {
        case joined(Membership)
        case left(Membership)
        case listened(isKept: Bool)
        case answered(ShardMembers.Saying)
    }

    private struct Broker {
        var isLive = false
        var held: Set<Membership> = []
        var isKept = false
        /// What it will do.
        var requests: [(verb: ShardMembers.Verb, Membership, saying: ShardMembers.Saying?)] = []
        /// What it has told and the reader has not read.
        var pushes: [Push] = []
    }

    private static let mailbox = "x!"
    private var random: SeededGenerator
    private var brokers = Array(repeating: Broker(), count: 3)
    private var members = ShardMembers(failover: 2_000)
    private var now = 0
    /// What the others have said last, when at least one broker has heard it.
    private(set) var truth: Set<Membership> = []

    init(seed: UInt64) {
        self.random = SeededGenerator(seed: seed)
        for broker in 0..<3 { self.come(broker) }
    }

    var live: [Int] { self.brokers.indices.filter { self.brokers[$0].isLive } }

    func held(_ broker: Int) -> Set<Membership> { self.brokers[broker].held }

    mutating func step() {
        let broker = Int.random(in: 0..<3, using: &self.random)
        switch Int.random(in: 0..<40, using: &self.random) {
        case 0: if self.brokers[broker].isLive, self.isQuiet, self.live.count > 1 { self.go(broker) }
        case 1, 2: if !self.brokers[broker].isLive { self.come(broker) }
        case 3..<8: self.say()
        case 8..<22: self.carryOut(broker)
        case 22..<38: self.read(broker)
        default: self.wait(1_000)
        }
    }

    /// Everything comes back, and everything that is under way arrives.
    mutating func settle() {
        for broker in 0..<3 where !self.brokers[broker].isLive { self.come(broker) }
        for _ in 0..<20 {
            while !self.isQuiet {
                for broker in 0..<3 {
                    self.carryOut(broker)
                    self.read(broker)
                }
            }
            self.wait(1_000)
        }
    }

    private var isQuiet: Bool { self.brokers.allSatisfy { $0.requests.isEmpty && $0.pushes.isEmpty } }

    /// Somebody joins or leaves, at every live broker; one thing at a time for each channel, and only where brokers
    /// agree about it: a `LEAVE` that meets only brokers that were not told of the `JOIN` is told to nobody.
    private mutating func say() {
        let group = ["room", "hall"].randomElement(using: &self.random) ?? "room"
        let membership = Membership(group: group, channel: "x!\(Int.random(in: 1...4, using: &self.random))")
        let isUnderWay = self.brokers.contains { $0.requests.contains { $0.1 == membership } || !$0.pushes.isEmpty }
        let holders = self.live.count { self.brokers[$0].held.contains(membership) }
        guard holders == (self.truth.contains(membership) ? self.live.count : 0), !isUnderWay else { return }
        let verb: ShardMembers.Verb = Bool.random(using: &self.random) ? .join : .leave
        if verb == .join { self.truth.insert(membership) } else { self.truth.remove(membership) }
        for broker in self.live { self.brokers[broker].requests.append((verb, membership, nil)) }
    }

    private mutating func carryOut(_ broker: Int) {
        guard !self.brokers[broker].requests.isEmpty else { return }
        let (verb, membership, saying) = self.brokers[broker].requests.removeFirst()
        switch verb {
        case .join:
            if self.brokers[broker].held.insert(membership).inserted {
                self.brokers[broker].pushes.append(.joined(membership))
            }
        case .leave:
            if self.brokers[broker].held.remove(membership) != nil {
                self.brokers[broker].pushes.append(.left(membership))
            }
        }
        if let saying { self.brokers[broker].pushes.append(.answered(saying)) }
    }

    private mutating func read(_ broker: Int) {
        guard !self.brokers[broker].pushes.isEmpty else { return }
        switch self.brokers[broker].pushes.removeFirst() {
        case .joined(let membership):
            self.members.joined(broker, membership.group, [membership.channel], now: self.now)
        case .left(let membership):
            self.members.left(broker, membership.group, [membership.channel], now: self.now)
        case .listened(let isKept):
            self.ask(self.members.listened(broker, Self.mailbox, isKept: isKept, now: self.now))
        case .answered(let saying): self.members.answered(saying, isRefused: false)
        }
    }

    private mutating func ask(_ says: [ShardMembers.Saying]) {
        for saying in says { self.brokers[saying.broker].requests.append((saying.verb, saying.membership, saying)) }
    }

    private mutating func wait(_ milliseconds: Int) {
        self.now += milliseconds
        self.ask(self.members.check(now: self.now))
    }

    private mutating func go(_ broker: Int) {
        self.brokers[broker].isLive = false
        self.brokers[broker].requests = []
        self.brokers[broker].pushes = []
        self.brokers[broker].isKept = Bool.random(using: &self.random)
        if !self.brokers[broker].isKept { self.brokers[broker].held = [] }
        self.members.down(broker, now: self.now)
    }

    /// The reader listens there again: first it is told what the broker holds.
    private mutating func come(_ broker: Int) {
        self.brokers[broker].isLive = true
        self.brokers[broker].pushes =
            self.brokers[broker].held.map { .joined($0) } + [.listened(isKept: self.brokers[broker].isKept)]
    }
}
