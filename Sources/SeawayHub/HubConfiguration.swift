package import SeawayWire

/// Every bound of the store (PROTOCOL.md, sections 4 and 7); times in milliseconds.
package struct HubConfiguration: Sendable {
    /// What a channel or a mailbox may hold.
    package struct Capacity: Hashable, Sendable {
        /// Of a normal channel, which many share: room for eight bodies of the longest kind (F6), and so for large
        /// requests that come while their workers are busy.
        package static let defaultBytes = 16 << 20
        /// Of a channel with one reader: what a slow one may have the broker hold. They are as many as requests and
        /// sockets.
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
    /// How long one may hold a message without a word, and how soon it comes back when its connection broke (D13).
    package var hold = 600_000
    package var returnDelay = 2_000
    /// How often a message is delivered, by pattern; then it is a dead letter (D14).
    package var tries: [(pattern: Pattern, times: Int)] = []
    package var defaultTries = 5
    /// How long a key is remembered (S12).
    package var onceWindow = 120_000
    /// Messages that one connection holds, and messages that are not due yet and keys in all.
    package var maxHeld = 1_000
    package var maxDelayed = 100_000
    package var maxKeys = 100_000
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
        let (usual, usualExpiry) =
            name.isForDeadLetters
            ? (Self.capacityOfDeadLetters, Self.expiryOfDeadLetters) : (self.defaultCapacity, self.defaultExpiry)
        return ChannelRules(
            capacity: (capacity ?? usual).room(isOwned: NameForm(name.bytes.span)?.hasOneReader == true),
            expiry: self.expiries.first { $0.pattern.matches(name) }?.milliseconds ?? usualExpiry,
            tries: self.tries.first { $0.pattern.matches(name) }?.times ?? self.defaultTries)
    }

    /// Where no pattern says otherwise (D14).
    private static let capacityOfDeadLetters = Capacity(messages: 1_000)
    private static let expiryOfDeadLetters = 86_400_000

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
    /// How often one message is delivered to be acknowledged.
    let tries: Int
}

/// What things cost in memory, roughly, besides their bytes: the account of M1. Measured: with what the allocator adds,
/// and with the share that tables and queues have of rooms that grow by half or by twice.
enum Cost {
    static let channel = 400
    static let mailbox = 256
    /// Its place in a queue.
    static let message = 96
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
    /// A message that is to be acknowledged, or is not due yet; and a key that is remembered.
    static let lease = 160
    static let key = 192
    /// Somebody who wants to be told of a message.
    static let asker = 112

    static func message(_ size: Int, group: Name?) -> Int { Self.message + (group == nil ? Self.body : 0) + size }
}
