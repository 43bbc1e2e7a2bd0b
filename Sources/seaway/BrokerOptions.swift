import ArgumentParser
import Logging
import SeawayBroker
import SeawayHub
import SeawayLog
import SeawayWire

/// Every bound of a broker as an option; the names are those of PROTOCOL.md.
struct BrokerOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "Capacity of channels whose names match, first match wins; repeat it. A pattern that ends in ! limits whole mailboxes. (default: \(Self.defaultCapacity))",
            valueName: "pattern=messages[,bytes]"))
    var capacity: [CapacityOption] = []

    @Option(
        help: ArgumentHelp(
            "How long messages wait on channels whose names match, first match wins; repeat it. (default: 60s)",
            valueName: "pattern=time"))
    var expiry: [ExpiryOption] = []

    @Option(
        help: ArgumentHelp(
            "How often a message is delivered that nobody acknowledges, on channels whose names match, first match wins; repeat it. (default: 5)",
            valueName: "pattern=count"))
    var tries: [TriesOption] = []

    @Option(help: .time("How long a message may be held without a word before it is delivered again."))
    var hold = TimeOption(milliseconds: 600_000)

    @Option(
        name: .customLong("return"),
        help: .time("How soon a message is delivered again whose holder's connection broke."))
    var returnDelay = TimeOption(milliseconds: 2_000)

    @Option(help: .time("How long the key of a message that is to be taken once is remembered."))
    var onceWindow = TimeOption(milliseconds: 120_000)

    @Option(help: .time("How long the memberships of an absent reader are kept."))
    var mailboxGrace = TimeOption(milliseconds: 60_000)

    @Option(help: .size("Largest body that is taken."))
    var maxBody = SizeOption(bytes: 2 << 20)

    @Option(help: .size("Everything that is held for peers, in all."))
    var maxMemory = SizeOption(bytes: 1 << 30)

    @Option(help: .count("Connections, those beyond are told so and closed."))
    var maxConnections = 10_000

    @Option(
        help: .count(
            "Connections of strangers, who have shown no token yet or said nothing; another takes the place of the oldest. (default: a quarter of --max-connections)"
        ))
    var maxStrangers: Int?

    @Option(
        help: ArgumentHelp(
            "How much of what there is one connection alone may hold: of memory, channels, groups, watches and tails.",
            valueName: "percent"))
    var connectionShare = 75

    @Option(
        help: ArgumentHelp("The same of all connections from one address.", valueName: "percent"))
    var addressShare = 94

    @Option(
        help: ArgumentHelp("The same of all connections with one token, or with none.", valueName: "percent"))
    var tokenShare = 94

    @Option(help: .count("Connections besides those that may still read why they are closed."))
    var maxLingering = 1_024

    @Option(help: .count("Names that one connection listens on, watches or tails."))
    var maxNames = 1_024

    @Option(help: .count("Messages that one connection holds unacknowledged."))
    var maxHeld = 1_000

    @Option(help: .count("Messages that are not due yet, in all."))
    var maxDelayed = 100_000

    @Option(help: .count("Keys of messages that are to be taken once, in all."))
    var maxKeys = 100_000

    @Option(help: .count("Members of one group."))
    var maxMembers = 100_000

    @Option(help: .count("Groups, in all."))
    var maxGroups = 100_000

    @Option(help: .count("Channels that are told who joins and leaves a group, in all."))
    var maxWatches = 10_000

    @Option(help: .count("Patterns of channels that are tailed, in all."))
    var maxTails = 100

    @Option(help: .count("Channels that hold messages, readers or memberships."))
    var maxChannels = 100_000

    @Option(help: .count("Closed channels that are remembered."))
    var maxClosed = 100_000

    @Option(help: .time("How long a frame may take once begun."))
    var frameTimeout = TimeOption(milliseconds: 30_000)

    @Option(help: .size("Unread output beyond which a connection gets no messages and is not read from."))
    var maxUnread = SizeOption(bytes: 256 << 10)

    @Option(help: .time("How long unread output may stand still before the connection ends."))
    var unreadTimeout = TimeOption(milliseconds: 30_000)

    @Option(help: .time("How long a connection that listens on nothing may be silent; 0: for ever."))
    var idleTimeout = TimeOption(milliseconds: 0)

    @Option(help: .time("How long a connection may take to read why it is closed."))
    var lingerTimeout = TimeOption(milliseconds: 2_000)

    @Option(help: .time("Longest that the answer to a failed log-in waits."))
    var loginDelay = TimeOption(milliseconds: 2_000)

    @Option(help: .time("How long the broker goes on delivering after SIGTERM."))
    var drain = TimeOption(milliseconds: 10_000)

    @Option(
        help:
            "What clients of several brokers know it by, wherever it is; else the address that each of them was given.")
    var name: String?

    @Option(help: .time("How long after its start clients of several brokers leave it out, until members are back."))
    var warm = TimeOption(milliseconds: 3_000)

    func validate() throws {
        let counts = [
            ("max-connections", self.maxConnections), ("max-names", self.maxNames), ("max-members", self.maxMembers),
            ("max-groups", self.maxGroups), ("max-watches", self.maxWatches), ("max-tails", self.maxTails),
            ("max-channels", self.maxChannels), ("max-closed", self.maxClosed), ("max-lingering", self.maxLingering),
            ("max-held", self.maxHeld), ("max-delayed", self.maxDelayed), ("max-keys", self.maxKeys),
        ]
        for (name, count) in counts where !(1...1_000_000_000).contains(count) {
            throw ValidationError("--\(name) is \(count); allowed is 1 to 1000000000.")
        }
        if let most = self.maxStrangers, !(1...1_000_000_000).contains(most) {
            throw ValidationError("--max-strangers is \(most); allowed is 1 to 1000000000.")
        }
        let shares = [
            ("connection-share", self.connectionShare), ("address-share", self.addressShare),
            ("token-share", self.tokenShare),
        ]
        for (name, share) in shares where !(1...100).contains(share) {
            throw ValidationError("--\(name) is \(share); allowed is 1 to 100.")
        }
        guard (1...64 << 20).contains(self.maxBody.bytes) else {
            throw ValidationError("--max-body is \(self.maxBody); allowed is 1 byte to 64M.")
        }
        if let name = self.name,
            !(1...64).contains(name.utf8.count) || !name.utf8.allSatisfy(SeawayWire.Name.isNameByte)
        {
            throw ValidationError("--name is \(name); allowed is 1 to 64 of A-Z a-z 0-9 - _ and the dot.")
        }
        guard self.maxMemory.bytes > 0 else {
            throw ValidationError("--max-memory is \(self.maxMemory); allowed is 1 byte and more.")
        }
        guard (1 << 10...1 << 30).contains(self.maxUnread.bytes) else {
            throw ValidationError("--max-unread is \(self.maxUnread); allowed is 1K to 1G.")
        }
        let times = [
            ("frame-timeout", self.frameTimeout), ("unread-timeout", self.unreadTimeout),
            ("linger-timeout", self.lingerTimeout), ("login-delay", self.loginDelay),
            ("hold", self.hold), ("once-window", self.onceWindow),
        ]
        for (name, time) in times where time.milliseconds <= 0 {
            throw ValidationError("--\(name) is \(time); allowed is longer than 0.")
        }
    }

    /// What may change while a broker runs; the rest is how it presents itself.
    static let changeable: Set<String> = [
        "capacity", "expiry", "tries", "hold", "return", "once-window", "mailbox-grace", "max-body", "max-memory",
        "max-connections", "max-strangers", "connection-share", "address-share", "token-share", "max-lingering",
        "max-names", "max-held", "max-delayed", "max-keys", "max-members", "max-groups", "max-watches", "max-tails",
        "max-channels", "max-closed", "frame-timeout", "max-unread", "unread-timeout", "idle-timeout",
        "linger-timeout", "login-delay", "drain",
    ]

    private static let defaultCapacity =
        "100 messages and \(SizeOption(bytes: HubConfiguration.Capacity.defaultBytes)), "
        + "\(SizeOption(bytes: HubConfiguration.Capacity.defaultOwnedBytes)) on reply and pinned channels"

    /// - Parameter others: connections of other listeners in the same process.
    func provideDescriptors(besides others: Int, _ logger: Logger) {
        Descriptors.provide(
            for: self.maxConnections + others, spare: self.maxLingering, option: "max-connections", logger)
    }

    var configuration: BrokerConfiguration {
        var configuration = BrokerConfiguration()
        configuration.loginDelay = self.loginDelay.milliseconds
        configuration.hub.capacities = self.capacity.map { ($0.pattern, $0.capacity) }
        configuration.hub.expiries = self.expiry.map { ($0.pattern, $0.expiry.milliseconds) }
        configuration.hub.mailboxGrace = self.mailboxGrace.milliseconds
        configuration.hub.maxMemory = self.maxMemory.bytes
        configuration.hub.shares.connection.percent = self.connectionShare
        configuration.hub.shares.address.percent = self.addressShare
        configuration.hub.shares.token.percent = self.tokenShare
        configuration.maxStrangers = self.maxStrangers
        configuration.hub.tries = self.tries.map { ($0.pattern, $0.times) }
        configuration.hub.hold = self.hold.milliseconds
        configuration.hub.returnDelay = self.returnDelay.milliseconds
        configuration.hub.onceWindow = self.onceWindow.milliseconds
        configuration.hub.maxHeld = self.maxHeld
        configuration.hub.maxDelayed = self.maxDelayed
        configuration.hub.maxKeys = self.maxKeys
        configuration.hub.maxNames = self.maxNames
        configuration.hub.maxMembers = self.maxMembers
        configuration.hub.maxGroups = self.maxGroups
        configuration.hub.maxWatches = self.maxWatches
        configuration.hub.maxTails = self.maxTails
        configuration.hub.maxChannels = self.maxChannels
        configuration.hub.maxClosed = self.maxClosed
        configuration.droppedLogLines = { StandardErrorLog.dropped }
        configuration.name = self.name
        configuration.warm = self.warm.milliseconds
        configuration.limits = .init(maxBody: self.maxBody.bytes)
        configuration.maxConnections = self.maxConnections
        configuration.maxUnread = self.maxUnread.bytes
        configuration.frameTimeout = self.frameTimeout.milliseconds
        configuration.unreadTimeout = self.unreadTimeout.milliseconds
        configuration.maxLingering = self.maxLingering
        configuration.lingerTimeout = self.lingerTimeout.milliseconds
        configuration.idleTimeout = self.idleTimeout.milliseconds
        return configuration
    }
}
