/// Where the parts of one frame lie, counted from the first byte of the bytes that were looked at.
package struct FrameShape: Hashable, Sendable {
    /// The line, without what ends it and without a body that stands in it (F7).
    package var lineLength: Int
    /// The body; empty and meaningless when ``hasBody`` is false.
    package var body: Range<Int>
    package var hasBody: Bool
    /// The body stands in the line and so is JSON (F7).
    package var isByHand: Bool
    /// `:-` was said but no word begins with `{` (F7).
    package var lacksBody: Bool
    /// Bytes of the whole frame.
    package var length: Int
}

/// Finds frame boundaries in a byte stream; owns no bytes and knows no socket.
///
/// The same for both directions (F1 to F7); what the words mean is decided elsewhere.
package struct FrameParser: Sendable {
    /// What the caller must do with the bytes it still holds.
    package enum Step: Hashable, Sendable {
        /// Nothing can be decided yet: call again with the same bytes and more behind them.
        case needMoreBytes
        /// One whole frame: drop `length` bytes after looking at it.
        case frame(FrameShape)
        /// The line of a frame whose body is not taken (F6): drop `length` bytes, which are the line, and go on.
        case tooLarge(FrameShape)
        /// Drop this many bytes: they belong to the body that is not taken.
        case discard(Int)
        /// The body that was not taken has ended: its frame can be refused now.
        case discarded
    }

    private enum State: Hashable, Sendable {
        /// Looking for the end of a line, this many bytes of it are in order.
        case line(Line)
        /// Looking for the LF behind a body by hand, from here on.
        case bodyByHand(lineLength: Int, start: Int, scanned: Int)
        /// The line is known and the body not all there.
        case body(FrameShape)
        /// The caller has no room for the body.
        case refused(FrameShape)
        case discarding(left: Int)
        /// `seen` counts what was dropped, an unanswered CR too.
        case discardingByHand(seen: Int)
        case discarded
    }

    /// What is known of a line that has not ended.
    private struct Line: Hashable, Sendable {
        var scanned = 0
        var verbEnd = -1
    }

    private var state = State.line(Line())
    private let limits: WireLimits

    package init(limits: WireLimits = WireLimits()) { self.limits = limits }

    /// Whether a frame has begun and its end is missing (F14); `hasBytes` says whether the caller holds unread ones.
    package func isInsideFrame(hasBytes: Bool) -> Bool {
        switch self.state {
        case .line, .discarded: hasBytes
        case .bodyByHand, .body, .refused, .discarding, .discardingByHand: true
        }
    }

    /// Whether the next byte begins a frame.
    package var isAtFrameStart: Bool {
        if case .line(let line) = self.state { line.scanned == 0 } else { false }
    }

    /// The frame whose body is awaited, for a caller that has to find room for it.
    package var awaited: FrameShape? {
        if case .body(let shape) = self.state { shape } else { nil }
    }

    /// Takes the awaited body as one that is thrown away; the next step says ``Step/tooLarge(_:)``.
    package mutating func refuseAwaited() {
        guard case .body(let shape) = self.state else { return }
        self.state = .refused(shape)
    }

    /// Looks at the unread bytes and says what they begin with.
    ///
    /// - Parameter unread: every byte received and not yet dropped, oldest first.
    /// - Throws: when the bytes cannot be a frame. The stream ends there: do not ask again.
    /// - Complexity: O(line length) for a line, O(1) for a body of any length but one by hand.
    package mutating func step(_ unread: Span<UInt8>) throws(StreamError) -> Step {
        switch self.state {
        case .line(let line): try self.scanLine(unread, line)
        case .bodyByHand(let lineLength, let start, let scanned):
            try self.scanBodyByHand(unread, lineLength: lineLength, start: start, from: scanned)
        case .body(let shape): try self.finishBody(unread, shape)
        case .refused(let shape): self.beginDiscarding(shape)
        case .discarding(let left): try self.discard(unread, left)
        case .discardingByHand(let seen): try self.discardByHand(unread, seen)
        case .discarded: self.endDiscarding()
        }
    }

    // MARK: Lines

    private mutating func scanLine(_ unread: Span<UInt8>, _ known: Line) throws(StreamError) -> Step {
        var line = known
        let count = unread.count
        while line.scanned < count {
            let position = line.scanned
            let byte = unread[position]
            if byte &- 0x21 <= 0x7E - 0x21 {
                if byte == UInt8(ascii: "{"), position > 0, unread[position - 1] == UInt8(ascii: " "),
                    self.isByHand(unread, line), position - 1 <= self.limits.maxLine
                {
                    return try self.scanBodyByHand(unread, lineLength: position - 1, start: position, from: position)
                }
            } else if byte == UInt8(ascii: " ") {
                guard position > 0, unread[position - 1] != UInt8(ascii: " ") else { throw .emptyWord }
                if line.verbEnd < 0 { line.verbEnd = position }
            } else if byte == UInt8(ascii: "\n") {
                return try self.endLine(unread, line, lineLength: position, next: position + 1)
            } else if byte == UInt8(ascii: "\r") {
                guard position < self.limits.maxLine else { throw .lineTooLong(limit: self.limits.maxLine) }
                guard position + 1 < count else { break }
                guard unread[position + 1] == UInt8(ascii: "\n") else { throw .byte(byte) }
                return try self.endLine(unread, line, lineLength: position, next: position + 2)
            } else {
                throw .byte(byte)
            }
            // One more byte may be the space in front of a body by hand, which is not of the line.
            guard
                position < self.limits.maxLine
                    || position == self.limits.maxLine && byte == UInt8(ascii: " ") && self.isByHand(unread, line)
            else { throw .lineTooLong(limit: self.limits.maxLine) }
            line.scanned += 1
        }
        self.state = .line(line)
        return .needMoreBytes
    }

    /// Whether the first argument is `:-`.
    private func isByHand(_ unread: Span<UInt8>, _ line: Line) -> Bool {
        let end = line.verbEnd
        return end > 0 && end + 3 < unread.count && unread[end + 1] == UInt8(ascii: ":")
            && unread[end + 2] == UInt8(ascii: "-") && unread[end + 3] == UInt8(ascii: " ")
    }

    private mutating func endLine(
        _ unread: Span<UInt8>, _ line: Line, lineLength: Int, next: Int
    ) throws(StreamError) -> Step {
        guard lineLength > 0, unread[lineLength - 1] != UInt8(ascii: " ") else { throw .emptyWord }
        self.state = .line(Line())
        var shape = FrameShape(
            lineLength: lineLength, body: next..<next, hasBody: false, isByHand: false, lacksBody: false, length: next
        )
        let size = line.verbEnd + 1
        guard line.verbEnd > 0, unread[size] == UInt8(ascii: ":") else { return .frame(shape) }
        guard size + 1 < lineLength, unread[size + 1] != UInt8(ascii: " ") else { throw .size }
        if unread[size + 1] == UInt8(ascii: "-") {
            guard size + 2 == lineLength || unread[size + 2] == UInt8(ascii: " ") else { throw .size }
            shape.lacksBody = true
            return .frame(shape)
        }
        let bodyLength = try self.bodyLength(unread, from: size + 1, to: lineLength)
        shape.hasBody = true
        shape.body = next..<next + bodyLength
        shape.length = next + bodyLength + 1
        return try self.finishBody(unread, shape)
    }

    private func bodyLength(_ unread: Span<UInt8>, from: Int, to end: Int) throws(StreamError) -> Int {
        var length = 0
        var position = from
        while position < end, unread[position] != UInt8(ascii: " ") {
            let digit = unread[position] &- UInt8(ascii: "0")
            guard digit <= 9, !(length == 0 && position > from) else { throw .size }
            // Saturates, so that no number of digits overflows.
            length = min(length * 10 + Int(digit), self.limits.maxSkippedBody + 1)
            position += 1
        }
        guard length <= self.limits.maxSkippedBody else { throw .bodyBeyondLimit(limit: self.limits.maxSkippedBody) }
        return length
    }

    // MARK: Bodies

    private mutating func finishBody(_ unread: Span<UInt8>, _ shape: FrameShape) throws(StreamError) -> Step {
        guard shape.body.count <= self.limits.maxBody else { return self.beginDiscarding(shape) }
        guard unread.count >= shape.length else {
            self.state = .body(shape)
            return .needMoreBytes
        }
        guard unread[shape.length - 1] == UInt8(ascii: "\n") else { throw .bodyNotEnded }
        self.state = .line(Line())
        return .frame(shape)
    }

    private mutating func scanBodyByHand(
        _ unread: Span<UInt8>, lineLength: Int, start: Int, from: Int
    ) throws(StreamError) -> Step {
        var position = from
        while position < unread.count, unread[position] != UInt8(ascii: "\n") { position += 1 }
        let ended = position < unread.count
        let end = ended && unread[position - 1] == UInt8(ascii: "\r") ? position - 1 : position
        // An unended body may still lose a CR at its end.
        if end - start > self.limits.maxBody + (ended ? 0 : 1) {
            self.state = .discardingByHand(seen: 0)
            return .tooLarge(
                FrameShape(
                    lineLength: lineLength, body: start..<start, hasBody: true, isByHand: true, lacksBody: false,
                    length: start))
        }
        guard ended else {
            self.state = .bodyByHand(lineLength: lineLength, start: start, scanned: position)
            return .needMoreBytes
        }
        self.state = .line(Line())
        return .frame(
            FrameShape(
                lineLength: lineLength, body: start..<end, hasBody: true, isByHand: true, lacksBody: false,
                length: position + 1))
    }

    // MARK: Bodies that are not taken

    private mutating func beginDiscarding(_ shape: FrameShape) -> Step {
        self.state = .discarding(left: shape.body.count + 1)
        var line = shape
        line.length = shape.body.lowerBound
        return .tooLarge(line)
    }

    private mutating func discard(_ unread: Span<UInt8>, _ left: Int) throws(StreamError) -> Step {
        guard unread.count > 0 else { return .needMoreBytes }
        if left == 1 {
            guard unread[0] == UInt8(ascii: "\n") else { throw .bodyNotEnded }
            self.state = .discarded
            return .discard(1)
        }
        let count = min(unread.count, left - 1)
        self.state = .discarding(left: left - count)
        return .discard(count)
    }

    private mutating func discardByHand(_ unread: Span<UInt8>, _ seen: Int) throws(StreamError) -> Step {
        guard unread.count > 0 else { return .needMoreBytes }
        var position = 0
        while position < unread.count, unread[position] != UInt8(ascii: "\n") { position += 1 }
        guard seen + position <= self.limits.maxSkippedBody else {
            throw .bodyBeyondLimit(limit: self.limits.maxSkippedBody)
        }
        guard position < unread.count else {
            self.state = .discardingByHand(seen: seen + position)
            return .discard(position)
        }
        self.state = .discarded
        return .discard(position + 1)
    }

    private mutating func endDiscarding() -> Step {
        self.state = .line(Line())
        return .discarded
    }
}
