package import SeawayWire

/// Every bound of the store (PROTOCOL.md, sections 4 and 7); times in milliseconds.
package struct HubConfiguration: Sendable {
    /// What a channel or a mailbox may hold.
    package struct Capacity: Hashable, Sendable {
        /// Of a normal channel, which many share: room for eight bodies of the longest kind (F6), and so for large requests that
        /// come while their workers are busy.
        package static let defaultBytes = 16 << 20
        /// Of a channel with one reader: what a slow one may have the broker hold. They are as many as requests and sockets.
        package static let defaultOwnedBytes = 1 << 20

        package var messages: Int
        /// `nil`: the default for the kind of channel.
        package var bytes: Int?

        package init(messages: Int = 100, bytes: Int? = nil) {
            self.messages = messages
            self.bytes = bytes
        }

        /// What remains of it for one kind of channel.
        func room(isOwned: Bool) -> Room {
            Room(
                messages: self.messages,
                bytes: self.bytes ?? (isOwned ? Self.defaultOwnedBytes : Self.defaultBytes))
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
    package var shares = Shares()

    package init() {}

    func rules(for name: Name) -> ChannelRules {
        let capacity = self.capacities.first { !$0.pattern.isForMailboxes && $0.pattern.matches(name) }?.capacity
        return ChannelRules(
            capacity: (capacity ?? self.defaultCapacity).room(isOwned: NameForm(name.bytes.span)?.hasOneReader == true),
            expiry: self.expiries.first { $0.pattern.matches(name) }?.milliseconds ?? self.defaultExpiry)
    }

    func capacity(ofMailbox name: Name) -> Room? {
        self.capacities.first { $0.pattern.isForMailboxes && $0.pattern.matches(name) }?.capacity.room(isOwned: true)
    }
}

/// What one channel or mailbox may hold.
struct Room {
    let messages: Int
    let bytes: Int
}

/// What the configuration says of one channel.
struct ChannelRules {
    let capacity: Room
    let expiry: Int
}

/// What things cost in memory, roughly, besides their bytes: the account of M1. Measured: with what the allocator adds, and
/// with the share that tables and queues have of rooms that grow by half or by twice.
enum Cost {
    static let channel = 400
    static let mailbox = 256
    /// Its place in a queue.
    static let message = 84
    /// Of a body besides its bytes; what a group sends has one for all.
    static let body = 80
    static let reader = 192
    static let membership = 112
    static let group = 384
    static let watch = 256
    /// A connection's hold on a watch.
    static let hold = 16
    /// A change that waits to be told.
    static let change = 64
    static let closed = 96

    static func message(_ size: Int, group: Name?) -> Int { Self.message + (group == nil ? Self.body : 0) + size }
}
