/// A message that a consumer has delivered, by what its reply subject says. The subject itself is used as it came.
package struct Delivery: Hashable, Sendable {
    package var stream: String
    package var consumer: String
    /// 1 the first time.
    package var times: Int
    /// Its place in the stream.
    package var sequence: Int
    /// How many the consumer had delivered with it.
    package var consumerSequence: Int
    /// When it was stored: nanoseconds since 1970.
    package var storedAt: Int
    /// How many wait behind it.
    package var pending: Int

    /// `$JS.ACK.STREAM.CONSUMER.TIMES.SEQUENCE.CONSUMERSEQUENCE.TIME.PENDING`; with a domain and the account's hash
    /// behind `ACK` from other accounts, and with anything at the end that newer servers may say.
    ///
    /// - Returns: `nil` for any other subject.
    package init?(reply: String) {
        var reply = reply
        guard let delivery = reply.withUTF8({ Self($0) }) else { return nil }
        self = delivery
    }

    private init?(_ reply: UnsafeBufferPointer<UInt8>) {
        guard reply.starts(with: "$JS.ACK.".utf8) else { return nil }
        var ends: [Int] = []
        ends.reserveCapacity(16)
        for place in reply.indices where reply[place] == UInt8(ascii: ".") { ends.append(place) }
        ends.append(reply.count)
        // The short form has nine tokens, the long one at least eleven.
        guard (9...16).contains(ends.count) else { return nil }
        let first = ends.count >= 11 ? 4 : 2
        func token(_ index: Int) -> UnsafeBufferPointer<UInt8>.SubSequence {
            reply[(ends[first + index - 1] + 1)..<ends[first + index]]
        }
        guard let times = Self.number(token(2)), let sequence = Self.number(token(3)),
            let consumerSequence = Self.number(token(4)), let storedAt = Self.number(token(5)),
            let pending = Self.number(token(6))
        else { return nil }
        self.stream = String(decoding: token(0), as: UTF8.self)
        self.consumer = String(decoding: token(1), as: UTF8.self)
        self.times = times
        self.sequence = sequence
        self.consumerSequence = consumerSequence
        self.storedAt = storedAt
        self.pending = pending
    }

    private static func number(_ digits: Slice<UnsafeBufferPointer<UInt8>>) -> Int? {
        guard !digits.isEmpty else { return nil }
        var number = 0
        for byte in digits {
            let digit = byte &- UInt8(ascii: "0")
            guard digit <= 9 else { return nil }
            let (product, isTooMuch) = number.multipliedReportingOverflow(by: 10)
            let (sum, isBeyond) = product.addingReportingOverflow(Int(digit))
            guard !isTooMuch, !isBeyond else { return nil }
            number = sum
        }
        return number
    }
}

/// What is said of a delivery, to its reply subject.
package enum Acknowledgement: Hashable, Sendable {
    /// Done: never delivered again.
    case done
    /// Given back; to be delivered again after so many milliseconds.
    case again(after: Int)
    /// Still at it: its time begins anew.
    case working
    /// Never to be delivered again, though not done.
    case never

    package var payload: [UInt8] {
        switch self {
        case .done: Self.doneBytes
        case .again(let time) where time > 0: Array("-NAK {\"delay\":\(time &* 1_000_000)}".utf8)
        case .again: Array("-NAK".utf8)
        case .working: Array("+WPI".utf8)
        case .never: Array("+TERM".utf8)
        }
    }

    private static let doneBytes = Array("+ACK".utf8)
}
