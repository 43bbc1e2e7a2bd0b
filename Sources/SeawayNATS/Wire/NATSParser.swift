/// Finds frames in what a NATS server sends; owns no bytes and knows no socket.
///
/// - SeeAlso: the client protocol in the documentation of NATS.
package struct NATSParser: Sendable {
    package enum Step: Hashable, Sendable {
        /// Nothing can be decided yet: call again with the same bytes and more behind them.
        case needMoreBytes
        /// One whole frame: drop its `length` after looking at it.
        case frame(NATSFrame)
    }

    private enum State: Hashable, Sendable {
        /// Looking for the end of a line in which this many bytes were seen.
        case line(scanned: Int)
        /// The line is known, the message not all there.
        case payload(NATSFrame.Message, length: Int)
    }

    private var state = State.line(scanned: 0)
    private let limits: NATSLimits

    package init(limits: NATSLimits = NATSLimits()) { self.limits = limits }

    /// Looks at the unread bytes and says what they begin with.
    ///
    /// - Parameter unread: every byte received and not yet dropped, oldest first.
    /// - Throws: when the bytes cannot be a frame. Do not ask again.
    /// - Complexity: O(line length) for a line, however it is cut; O(1) for a message of any length.
    package mutating func step(_ unread: Span<UInt8>) throws(NATSStreamError) -> Step {
        switch self.state {
        case .line(let scanned): try self.scan(unread, from: scanned)
        case .payload(let message, let length): try self.finish(message, length, unread)
        }
    }

    private mutating func scan(_ unread: Span<UInt8>, from scanned: Int) throws(NATSStreamError) -> Step {
        var end = scanned
        while end < unread.count, unread[end] != UInt8(ascii: "\n") { end += 1 }
        // The longest of all; what a shorter one may have is looked at as soon as its verb is known.
        let limit = self.limit(of: unread)
        guard end <= limit else { throw .lineTooLong(limit: limit) }
        guard end < unread.count else {
            self.state = .line(scanned: end)
            return .needMoreBytes
        }
        let line = end > 0 && unread[end - 1] == UInt8(ascii: "\r") ? end - 1 : end
        self.state = .line(scanned: 0)
        return try self.read(unread, line: line, next: end + 1)
    }

    private func limit(of unread: Span<UInt8>) -> Int {
        unread.count > 0 && unread[0] | 0x20 == UInt8(ascii: "i") ? self.limits.maxInfo : self.limits.maxLine
    }

    private mutating func read(_ unread: Span<UInt8>, line: Int, next: Int) throws(NATSStreamError) -> Step {
        var words = NATSWords(end: line)
        guard let verb = words.next(in: unread) else { throw .unknownVerb }
        func isVerb(_ text: StaticString) -> Bool {
            guard verb.count == text.utf8CodeUnitCount else { return false }
            for index in 0..<verb.count {
                var byte = unread[verb.lowerBound + index]
                if (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte) { byte -= 0x20 }
                if byte != text.utf8Start[index] { return false }
            }
            return true
        }
        if isVerb("MSG") { return try self.message(unread, &words, hasHeaders: false, next: next) }
        if isVerb("HMSG") { return try self.message(unread, &words, hasHeaders: true, next: next) }
        let content: NATSFrame.Content
        if isVerb("PING") {
            content = .ping
        } else if isVerb("PONG") {
            content = .pong
        } else if isVerb("+OK") {
            content = .ok
        } else if isVerb("-ERR") {
            content = .error(words.rest(in: unread))
        } else if isVerb("INFO") {
            content = .info(words.rest(in: unread))
        } else {
            throw .unknownVerb
        }
        return .frame(NATSFrame(content: content, length: next))
    }

    /// `MSG subject sid [reply] size` and `HMSG subject sid [reply] headers size`.
    private mutating func message(
        _ unread: Span<UInt8>, _ words: inout NATSWords, hasHeaders: Bool, next: Int
    ) throws(NATSStreamError) -> Step {
        guard let subject = words.next(in: unread), let second = words.next(in: unread),
            let subscription = Self.number(unread, second), let third = words.next(in: unread)
        else { throw .malformed }
        // One or two say how large what follows is; where there is one more, the first is the reply subject.
        var reply: Range<Int>?
        var (first, last) = (third, third)
        if hasHeaders {
            guard let fourth = words.next(in: unread) else { throw .malformed }
            last = fourth
        }
        if let more = words.next(in: unread) {
            reply = third
            (first, last) = (last, more)
        }
        guard words.next(in: unread) == nil, let size = Self.number(unread, last),
            let headers = hasHeaders ? Self.number(unread, first) : 0
        else { throw .malformed }
        guard size <= UInt64(self.limits.maxPayload) else { throw .payloadTooLarge(limit: self.limits.maxPayload) }
        guard headers <= size else { throw .malformed }
        let middle = next + Int(headers)
        let message = NATSFrame.Message(
            subject: subject, subscription: subscription, reply: reply,
            headers: next..<middle, payload: middle..<next + Int(size))
        return try self.finish(message, next + Int(size) + 2, unread)
    }

    private mutating func finish(
        _ message: NATSFrame.Message, _ length: Int, _ unread: Span<UInt8>
    ) throws(NATSStreamError) -> Step {
        guard unread.count >= length else {
            self.state = .payload(message, length: length)
            return .needMoreBytes
        }
        guard unread[length - 2] == UInt8(ascii: "\r"), unread[length - 1] == UInt8(ascii: "\n") else {
            throw .payloadNotEnded
        }
        self.state = .line(scanned: 0)
        return .frame(NATSFrame(content: .message(message), length: length))
    }

    /// A number of at most 18 digits, so that none overflows.
    static func number(_ bytes: Span<UInt8>, _ range: Range<Int>) -> UInt64? {
        guard (1...18).contains(range.count) else { return nil }
        var number: UInt64 = 0
        for place in range {
            let digit = bytes[place] &- UInt8(ascii: "0")
            guard digit <= 9 else { return nil }
            number = number * 10 + UInt64(digit)
        }
        return number
    }
}

/// The words of a line, with any number of spaces and tabs between them.
private struct NATSWords {
    private var place = 0
    private let end: Int

    init(end: Int) { self.end = end }

    private static func isSpace(_ byte: UInt8) -> Bool { byte == 0x20 || byte == 0x09 }

    private mutating func skip(in bytes: Span<UInt8>) {
        while self.place < self.end, Self.isSpace(bytes[self.place]) { self.place += 1 }
    }

    mutating func next(in bytes: Span<UInt8>) -> Range<Int>? {
        self.skip(in: bytes)
        let start = self.place
        while self.place < self.end, !Self.isSpace(bytes[self.place]) { self.place += 1 }
        return start < self.place ? start..<self.place : nil
    }

    /// What is left, without space around it.
    mutating func rest(in bytes: Span<UInt8>) -> Range<Int> {
        self.skip(in: bytes)
        var end = self.end
        while end > self.place, Self.isSpace(bytes[end - 1]) { end -= 1 }
        return self.place..<end
    }
}
