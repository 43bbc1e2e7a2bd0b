import SeawayBroker
import SeawayHub
import SeawayWire

/// The bounds of a ``TestBroker``, as they stand on the command line of a broker.
public struct TestLimits: Sendable {
    /// What a channel may hold.
    public struct Capacity: Sendable {
        /// `http.request`, `chat.*`; one that ends in `!` is for mailboxes.
        public var pattern: String
        public var messages: Int
        public var bytes: Int

        public init(_ pattern: String, messages: Int, bytes: Int = 1_048_576) {
            self.pattern = pattern
            self.messages = messages
            self.bytes = bytes
        }
    }

    /// How long an undelivered message is kept.
    public struct Expiry: Sendable {
        public var pattern: String
        /// In whole milliseconds.
        public var time: Duration

        public init(_ pattern: String, _ time: Duration) {
            self.pattern = pattern
            self.time = time
        }
    }

    /// The first pattern that matches counts; else 100 messages and 1 MiB.
    public var capacities: [Capacity] = []
    /// The first pattern that matches counts; else a minute.
    public var expiries: [Expiry] = []
    /// How long the memberships of a mailbox without a reader are kept.
    public var mailboxGrace = Duration.seconds(60)
    /// The largest message, in bytes of MessagePack.
    public var maxBody = 2_097_152
    /// Everything that is held, in bytes, roughly.
    public var maxMemory = 1 << 30

    public init(capacities: [Capacity] = [], expiries: [Expiry] = []) {
        self.capacities = capacities
        self.expiries = expiries
    }

    /// A pattern that is none.
    public struct NotAPattern: Error, Hashable, Sendable, CustomStringConvertible {
        public let text: String
        public init(text: String) { self.text = text }
        public var description: String { "'\(self.text)' is not a pattern of channel names" }
    }

    func configuration() throws(NotAPattern) -> BrokerConfiguration {
        var configuration = BrokerConfiguration()
        configuration.limits = WireLimits(maxBody: self.maxBody)
        configuration.hub.maxMemory = self.maxMemory
        configuration.hub.mailboxGrace = self.mailboxGrace.wholeMilliseconds
        for capacity in self.capacities {
            configuration.hub.capacities.append(
                (try Self.pattern(capacity.pattern), .init(messages: capacity.messages, bytes: capacity.bytes)))
        }
        for expiry in self.expiries {
            configuration.hub.expiries.append((try Self.pattern(expiry.pattern), expiry.time.wholeMilliseconds))
        }
        return configuration
    }

    private static func pattern(_ text: String) throws(NotAPattern) -> Pattern {
        guard let pattern = Pattern(text) else { throw NotAPattern(text: text) }
        return pattern
    }
}

extension Duration {
    var wholeMilliseconds: Int { Int(self / .milliseconds(1)) }
}
