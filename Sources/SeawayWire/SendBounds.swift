/// What a sender sets in place of a channel's own rules, for one message (S8, S9).
package struct SendBounds: Hashable, Sendable {
    /// How many messages may wait in the channels whose names match, or (a pattern that ends in `!`) in all channels of
    /// the mailboxes that match, this one not counted.
    package struct Capacity: Hashable, Sendable {
        /// `nil`: any channel.
        package let pattern: Pattern?
        package let messages: Int
    }

    /// The first whose pattern matches counts.
    package let capacities: [Capacity]
    /// Milliseconds after which the message is dropped.
    package let expiry: Int?

    package static let mostMessages = 1_000_000
    /// A day.
    package static let longestExpiry = 86_400_000
    /// Bytes of the capacities of one message, as a client of ours writes them.
    package static let mostBytes = 2_048

    /// Reads the values of `Capacity` and `Expiry`, of which at least one stands.
    package init(capacity: String?, expiry: String?) throws(WireRefusal) {
        self.capacities = try capacity.map(Self.capacities) ?? []
        self.expiry = try expiry.map { text throws(WireRefusal) in
            guard let milliseconds = Self.number(Substring(text), upTo: Self.longestExpiry) else {
                throw .option("Expiry is 1 to \(Self.longestExpiry) ms")
            }
            return milliseconds
        }
    }

    /// Those that a client of ours asks for.
    ///
    /// - Parameters:
    ///   - capacities: each with a pattern, or without for any channel.
    ///   - expiry: milliseconds.
    package init(_ capacities: [(pattern: String?, messages: Int)], expiry: Int?) throws(WireRefusal) {
        let texts = capacities.map { $0.pattern.map { "\($0):" } ?? "" }
        // What could be read as several, or as another option, is no pattern.
        guard texts.allSatisfy({ text in text.utf8.count { ":,".utf8.contains($0) } <= 1 }) else {
            throw .option("Capacity has a pattern that is none")
        }
        let capacity = zip(texts, capacities).map { "\($0)\($1.messages)" }.joined(separator: ",")
        guard capacity.utf8.count <= Self.mostBytes else {
            throw .option("Capacity has at most \(Self.mostBytes) bytes")
        }
        try self.init(capacity: capacities.isEmpty ? nil : capacity, expiry: expiry.map(String.init))
    }

    /// As they are written, with a space before each.
    package var options: String {
        let capacities = self.capacities.map { capacity in
            "\(capacity.pattern.map { "\($0):" } ?? "")\(capacity.messages)"
        }
        return (capacities.isEmpty ? "" : " Capacity=\(capacities.joined(separator: ","))")
            + (self.expiry.map { " Expiry=\($0)" } ?? "")
    }

    /// Messages that may wait in a channel; `nil` where its own rule holds.
    package func capacity(of channel: Name) -> Int? {
        self.capacities.first { $0.pattern?.matches(channel) ?? true }?.messages
    }

    /// Messages that may wait in all channels of a mailbox; `nil` where its own rule holds.
    package func capacity(ofMailbox mailbox: Name) -> Int? {
        self.capacities.first { $0.pattern?.isForMailboxes == true && $0.pattern?.matches(mailbox) == true }?.messages
    }

    private static func capacities(_ text: String) throws(WireRefusal) -> [Capacity] {
        var capacities: [Capacity] = []
        for part in text.split(separator: ",", omittingEmptySubsequences: false) {
            let words = part.split(separator: ":", omittingEmptySubsequences: false)
            let pattern = words.count == 2 ? Pattern(String(words[0])) : nil
            guard let messages = words.last.flatMap({ Self.number($0, upTo: Self.mostMessages) }),
                words.count == 1 || pattern != nil
            else { throw .option("Capacity is N or PATTERN:N between commas, each N 1 to \(Self.mostMessages)") }
            capacities.append(Capacity(pattern: pattern, messages: messages))
        }
        return capacities
    }

    private static func number(_ text: Substring, upTo most: Int) -> Int? {
        Decimal.parse(text, upTo: most).flatMap { $0 > 0 ? $0 : nil }
    }
}
