/// A message that a consumer has given out, by what its reply subject says. The subject itself is used as it came.
package struct Delivery: Hashable, Sendable {
    package var stream: String
    package var consumer: String
    /// 1 the first time.
    package var times: Int
    /// Its place in the stream.
    package var sequence: Int
    /// How many the consumer had given out with it.
    package var consumerSequence: Int
    /// When it was stored: nanoseconds since 1970.
    package var storedAt: Int
    /// How many wait behind it.
    package var pending: Int

    /// `$JS.ACK.STREAM.CONSUMER.TIMES.SEQUENCE.CONSUMERSEQUENCE.TIME.PENDING`; with a domain and the account's hash behind
    /// `ACK` from other accounts, and with anything at the end that newer servers may say.
    ///
    /// - Returns: `nil` for any other subject.
    package init?(reply: String) {
        var tokens = reply.split(separator: ".", omittingEmptySubsequences: false)[...]
        guard tokens.count >= 9, tokens.count <= 16, tokens.removeFirst() == "$JS", tokens.removeFirst() == "ACK" else {
            return nil
        }
        // The short form has nine in all, the long one at least eleven.
        if tokens.count >= 9 { tokens.removeFirst(2) }
        guard tokens.count >= 7 else { return nil }
        let first = tokens.startIndex
        let numbers = tokens[(first + 2)..<(first + 7)].map { Int($0) ?? -1 }
        guard numbers.allSatisfy({ $0 >= 0 }) else { return nil }
        self.stream = String(tokens[first])
        self.consumer = String(tokens[first + 1])
        self.times = numbers[0]
        self.sequence = numbers[1]
        self.consumerSequence = numbers[2]
        self.storedAt = numbers[3]
        self.pending = numbers[4]
    }
}

/// What is said of a delivery, to its reply subject.
package enum Acknowledgement: Hashable, Sendable {
    /// Done: never given out again.
    case done
    /// Given back; to be given out again after so many milliseconds.
    case again(after: Int)
    /// Still at it: its time begins anew.
    case working
    /// Never to be given out again, though not done.
    case never

    package var payload: [UInt8] {
        switch self {
        case .done: Array("+ACK".utf8)
        case .again(let time) where time > 0: Array("-NAK {\"delay\":\(time &* 1_000_000)}".utf8)
        case .again: Array("-NAK".utf8)
        case .working: Array("+WPI".utf8)
        case .never: Array("+TERM".utf8)
        }
    }
}
