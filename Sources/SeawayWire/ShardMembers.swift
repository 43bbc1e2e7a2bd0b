/// What a reader does so that all its brokers hold the same memberships (SHARDING.md, B15 to B17).
///
/// Brokers are known by their places in the client's list, from 0; times are milliseconds that never go back.
package struct ShardMembers: Sendable {
    package struct Membership: Hashable, Sendable {
        package let group: String
        package let channel: String

        package init(group: String, channel: String) {
            self.group = group
            self.channel = channel
        }
    }

    package enum Verb: String, Sendable {
        case join = "JOIN"
        case leave = "LEAVE"
    }

    /// What a broker is to be told.
    package struct Saying: Hashable, Sendable {
        package let broker: Int
        package let verb: Verb
        package let membership: Membership

        package init(broker: Int, verb: Verb, membership: Membership) {
            self.broker = broker
            self.verb = verb
            self.membership = membership
        }
    }

    private struct Held: Sendable {
        /// Those that hold it.
        var brokers = ShardSet()
        /// What somebody else has done last: joined or left.
        var isWanted = false
        /// Those that were told `JOIN` or `LEAVE` and have not answered.
        var askedToJoin = ShardSet()
        var askedToLeave = ShardSet()

        func isAsked(_ verb: Verb, _ broker: Int) -> Bool {
            (verb == .join ? self.askedToJoin : self.askedToLeave).contains(broker)
        }

        mutating func ask(_ verb: Verb, _ broker: Int) {
            if verb == .join { self.askedToJoin.insert(broker) } else { self.askedToLeave.insert(broker) }
        }

        mutating func wasAnswered(by broker: Int) {
            self.askedToJoin.remove(broker)
            self.askedToLeave.remove(broker)
        }

        /// Nothing is to be known of it any more, not even what this client has said itself.
        var isOver: Bool {
            !self.isWanted && self.brokers.isEmpty && self.askedToJoin.isEmpty && self.askedToLeave.isEmpty
        }

        /// Those of `brokers` that are not as they should be.
        func wrong(among brokers: ShardSet) -> ShardSet {
            self.isWanted ? brokers.subtracting(self.brokers) : brokers.intersection(self.brokers)
        }
    }

    /// Memberships of channels without a reader of their own that are remembered; later ones are not joined again.
    private static let mostOwn = 10_000

    private let failover: Int
    /// By mailbox and channel, then by group.
    private var held: [String: [String: [String: Held]]] = [:]
    /// Brokers that have answered the `LISTEN` of a mailbox.
    private var synced: [String: ShardSet] = [:]
    private var unsettled = Deadlines<Membership>()
    private var own: Set<Membership> = []

    package init(failover: Int) { self.failover = failover }
}

// MARK: What brokers tell
extension ShardMembers {
    /// `JOINED` was pushed.
    package mutating func joined(_ broker: Int, _ group: String, _ channels: [String], now: Int) {
        for channel in channels {
            self.held[Self.mailbox(of: channel), default: [:]][channel, default: [:]][group, default: Held()]
                .brokers.insert(broker)
            self.told(broker, .join, Membership(group: group, channel: channel), now)
        }
    }

    /// `LEFT` was pushed.
    package mutating func left(_ broker: Int, _ group: String, _ channels: [String], now: Int) {
        for channel in channels {
            let membership = Membership(group: group, channel: channel)
            guard self[membership] != nil else { continue }
            self[membership]?.brokers.remove(broker)
            self.told(broker, .leave, membership, now)
        }
    }

    private mutating func told(_ broker: Int, _ verb: Verb, _ membership: Membership, _ now: Int) {
        guard self.synced(for: membership).contains(broker) else { return }
        // What this client has said itself tells nothing new.
        if self[membership]?.isAsked(verb, broker) == false { self[membership]?.isWanted = verb == .join }
        self.settle(membership, now)
    }

    /// `LISTEN` is answered; what the broker holds it has told before (B15).
    package mutating func listened(_ broker: Int, _ mailbox: String, isKept: Bool, now: Int) -> [Saying] {
        var others = self.synced[mailbox] ?? ShardSet()
        others.remove(broker)
        self.synced[mailbox, default: ShardSet()].insert(broker)
        var says: [Saying] = []
        for (membership, held) in self.all(of: mailbox) {
            if others.isEmpty {
                self[membership]?.isWanted = held.brokers.contains(broker) || (held.isWanted && !isKept)
            }
            says += self.setRight(membership, among: ShardSet([broker]))
            self.settle(membership, now)
        }
        return says
    }

    /// What was said is answered; what was refused is not said again.
    package mutating func answered(_ saying: Saying, isRefused: Bool) {
        guard self[saying.membership] != nil else { return }
        self[saying.membership]?.wasAnswered(by: saying.broker)
        if isRefused { self.unsettled.remove(saying.membership) }
        if self[saying.membership]?.isOver == true { self.forget(saying.membership) }
    }

    /// The connection has ended: nothing is known of what the broker holds.
    package mutating func down(_ broker: Int, now: Int) {
        for mailbox in self.synced.keys { self.synced[mailbox]?.remove(broker) }
        for mailbox in self.held.keys {
            for (membership, _) in self.all(of: mailbox) {
                self[membership]?.brokers.remove(broker)
                self[membership]?.wasAnswered(by: broker)
                self.settle(membership, now)
            }
        }
    }

    /// What brokers have differed about for too long (B16).
    package mutating func check(now: Int) -> [Saying] {
        var says: [Saying] = []
        while let membership = self.unsettled.popDue(at: now) {
            says += self.setRight(membership, among: self.synced(for: membership))
            self.settle(membership, now)
        }
        return says
    }
}

// MARK: What the client does
extension ShardMembers {
    /// The channel is over (C1), and its memberships with it.
    package mutating func closed(_ channel: String) {
        let groups = self.held[Self.mailbox(of: channel)]?.removeValue(forKey: channel) ?? [:]
        for group in groups.keys { self.unsettled.remove(Membership(group: group, channel: channel)) }
    }

    /// The mailbox is not read any more.
    package mutating func stopped(_ mailbox: String) {
        for channel in self.held[mailbox].map({ Array($0.keys) }) ?? [] { self.closed(channel) }
        self.held[mailbox] = nil
        self.synced[mailbox] = nil
    }

    /// This client has joined channels; those that are in no mailbox are its own to keep (B17).
    package mutating func own(_ group: String, _ channels: [String]) {
        for channel in channels where !channel.utf8.contains(UInt8(ascii: "!")) && self.own.count < Self.mostOwn {
            self.own.insert(Membership(group: group, channel: channel))
        }
    }

    /// This client has ended memberships.
    package mutating func disown(_ group: String, _ channels: [String]) {
        for channel in channels { self.own.remove(Membership(group: group, channel: channel)) }
    }

    /// A broker is live.
    package func came(_ broker: Int) -> [Saying] {
        self.own.map { Saying(broker: broker, verb: .join, membership: $0) }
    }
}

// MARK: Parts
extension ShardMembers {
    private subscript(membership: Membership) -> Held? {
        get { self.held[Self.mailbox(of: membership.channel)]?[membership.channel]?[membership.group] }
        set { self.held[Self.mailbox(of: membership.channel)]?[membership.channel]?[membership.group] = newValue }
    }

    private func all(of mailbox: String) -> [(Membership, Held)] {
        (self.held[mailbox] ?? [:]).flatMap { channel, groups in
            groups.map { (Membership(group: $0.key, channel: channel), $0.value) }
        }
    }

    private func synced(for membership: Membership) -> ShardSet {
        self.synced[Self.mailbox(of: membership.channel)] ?? ShardSet()
    }

    private mutating func setRight(_ membership: Membership, among brokers: ShardSet) -> [Saying] {
        guard let held = self[membership] else { return [] }
        let verb = held.isWanted ? Verb.join : .leave
        // Nothing is said to a broker that has not answered: it may be on its way to become right.
        let brokers = brokers.subtracting(held.askedToJoin).subtracting(held.askedToLeave)
        return held.wrong(among: brokers).map { broker in
            self[membership]?.ask(verb, broker)
            return Saying(broker: broker, verb: verb, membership: membership)
        }
    }

    /// Forgets what is over, and notes what has to become right in time.
    private mutating func settle(_ membership: Membership, _ now: Int) {
        guard let held = self[membership] else { return }
        self.unsettled.remove(membership)
        if held.isOver {
            self.forget(membership)
        } else if !held.wrong(among: self.synced(for: membership)).isEmpty {
            self.unsettled.set(membership, now + self.failover)
        }
    }

    private mutating func forget(_ membership: Membership) {
        let mailbox = Self.mailbox(of: membership.channel)
        self[membership] = nil
        if self.held[mailbox]?[membership.channel]?.isEmpty == true { self.held[mailbox]?[membership.channel] = nil }
    }

    private static func mailbox(of channel: String) -> String {
        channel.utf8.firstIndex(of: UInt8(ascii: "!")).map { String(channel[...$0]) } ?? ""
    }
}
