/// What holds for one message in place of the rules of the channels that it comes to (PROTOCOL.md, S8 and S9).
///
/// A broker that does not know such bounds (its features have no `bounds`) refuses them with `unknown`; values that
/// make no sense are refused with `option`, before anything is sent.
public struct MessageBounds: Hashable, Sendable {
    /// How many messages may wait in a channel.
    public struct Capacity: Hashable, Sendable {
        /// The names that it holds for, with `*` for any run of bytes, 1 to 255 bytes; `nil` for all.
        public var pattern: String?
        /// 1 to 1,000,000, the message itself not counted.
        public var messages: Int

        public init(_ pattern: String? = nil, messages: Int) {
            self.pattern = pattern
            self.messages = messages
        }
    }

    /// The first that holds for a channel counts; where none does, the channel's own number. In all at most 2,048 bytes
    /// as the wire writes them. How many bytes may wait stays as it is.
    public var capacities: [Capacity]
    /// From receipt by the broker, in whole milliseconds, 1 ms to a day; the message is dropped when it was not
    /// delivered within. `nil`: the channel's own time.
    public var expiry: Duration?

    /// Of a group's members each may have another capacity.
    public init(capacities: [Capacity], expiry: Duration? = nil) {
        self.capacities = capacities
        self.expiry = expiry
    }

    /// - Parameters:
    ///   - capacity: how many messages may wait in any channel; `nil`: the channel's own number.
    ///   - expiry: 1 ms to a day, from receipt by the broker; `nil`: the channel's own time.
    public init(capacity: Int? = nil, expiry: Duration? = nil) {
        self.init(capacities: capacity.map { [Capacity(messages: $0)] } ?? [], expiry: expiry)
    }

    /// What is less than one is 0, which no broker takes.
    package var expiryInMilliseconds: Int? { self.expiry?.wireMilliseconds }
}
