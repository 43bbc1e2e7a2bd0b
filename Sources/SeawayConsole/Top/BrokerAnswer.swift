package import SeawayMessage

/// What one broker has said at one moment.
package struct BrokerAnswer: Sendable {
    /// Milliseconds on a clock that does not go back.
    package var time: Int
    /// The answer to `STATS`.
    package var totals: Message
    package var list: TopList
    /// The answer to `STATS` with that list's name.
    package var entries: Message
    /// The answer to `PEEK` or `MEMBERS`, if somebody looks into something.
    package var look: (target: TopTarget, answer: Message)?

    package init(
        time: Int, totals: Message, list: TopList, entries: Message, look: (target: TopTarget, answer: Message)? = nil
    ) {
        self.time = time
        self.totals = totals
        self.list = list
        self.entries = entries
        self.look = look
    }
}

extension Message {
    /// A number of an answer; 0 where there is none. None is so large that sums of them could overflow.
    func count(_ key: String) -> Int { Int(Swift.min(Swift.max(self[key]?.int ?? 0, 0), 1 << 53)) }

    func text(_ key: String) -> String? { self[key]?.string.map(Printable.text) }

    /// The maps of a list.
    func entries(_ key: String) -> [Message] { self[key]?.list?.compactMap(\.map) ?? [] }
}
