import DequeModule
import SeawayWire

/// Keys of messages that were taken: a second message with the same key is a repetition (S12).
struct OnceKeys {
    /// A channel and a key, with what can stand in neither between them.
    private typealias Key = [UInt8]

    private var keys: Set<Key> = []
    /// In the order of their ends, since all are kept for as long.
    private var ends: Deque<(key: Key, at: Int, payer: PayerID)> = []

    var count: Int { self.keys.count }

    func contains(_ key: String, on channel: Span<UInt8>) -> Bool {
        !self.keys.isEmpty && self.keys.contains(Self.key(key, channel))
    }

    /// Remembers one that is not there.
    ///
    /// - Parameter payer: who has sent the message.
    /// - Returns: the bytes that it takes, roughly.
    mutating func insert(_ key: String, on channel: Span<UInt8>, until: Int, by payer: PayerID) -> Int {
        let key = Self.key(key, channel)
        self.keys.insert(key)
        self.ends.append((key, until, payer))
        return Cost.key + key.count
    }

    /// Forgets those whose time is over.
    ///
    /// - Parameter body: called with what each has taken, and who has paid for it.
    /// - Returns: how many.
    mutating func forget(now: Int, most: Int = .max, _ body: (Int, PayerID) -> Void) -> Int {
        var count = 0
        while count < most, let first = self.ends.first, first.at <= now {
            self.ends.removeFirst()
            self.keys.remove(first.key)
            body(Cost.key + first.key.count, first.payer)
            count += 1
        }
        if self.keys.isEmpty, count > 0 { self = OnceKeys() }
        return count
    }

    private static func key(_ key: String, _ channel: Span<UInt8>) -> Key {
        channel.array + [UInt8(ascii: "=")] + Array(key.utf8)
    }
}
