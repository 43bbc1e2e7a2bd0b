package import SeawayWire

/// Every bound of the store (PROTOCOL.md, sections 4 and 7); times in milliseconds.
package struct HubConfiguration: Sendable {
    /// What a channel or a mailbox may hold.
    package struct Capacity: Hashable, Sendable {
        package var messages: Int
        package var bytes: Int

        package init(messages: Int = 100, bytes: Int = 1_048_576) {
            self.messages = messages
            self.bytes = bytes
        }
    }

    /// The first that matches wins (S7); patterns that end in `!` are for mailboxes (S5).
    package var capacities: [(pattern: Pattern, capacity: Capacity)] = []
    package var defaultCapacity = Capacity()
    /// How long an undelivered message is kept, by pattern (S6).
    package var expiries: [(pattern: Pattern, milliseconds: Int)] = []
    package var defaultExpiry = 60_000
    /// How long the memberships of an absent reader are kept (J3).
    package var mailboxGrace = 60_000
    package var maxNames = 1_024
    package var maxMembers = 100_000
    package var maxGroups = 100_000
    package var maxWatches = 10_000
    package var maxTails = 100
    package var maxChannels = 100_000
    package var maxClosed = 100_000
    package var maxMemory = 1 << 30

    package init() {}

    func rules(for name: Name) -> ChannelRules {
        ChannelRules(
            capacity: self.capacities.first { !$0.pattern.isForMailboxes && $0.pattern.matches(name) }?.capacity
                ?? self.defaultCapacity,
            expiry: self.expiries.first { $0.pattern.matches(name) }?.milliseconds ?? self.defaultExpiry)
    }

    func capacity(ofMailbox name: Name) -> Capacity? {
        self.capacities.first { $0.pattern.isForMailboxes && $0.pattern.matches(name) }?.capacity
    }
}

/// What the configuration says of one channel.
struct ChannelRules {
    let capacity: HubConfiguration.Capacity
    let expiry: Int
}

/// What things cost in memory, roughly, besides their bytes: the account of M1.
enum Cost {
    static let channel = 320
    static let mailbox = 256
    static let message = 64
    static let reader = 192
    static let membership = 112
    static let group = 224
    static let watch = 256
    /// A connection's hold on a watch.
    static let hold = 16
    /// A change that waits to be told.
    static let change = 64
    static let closed = 96
}
