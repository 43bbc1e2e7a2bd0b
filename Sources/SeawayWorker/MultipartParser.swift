/// Finds the parts in the bytes of a `multipart/form-data` body (RFC 7578, RFC 2046, 5.1); reads nothing itself.
///
/// A delimiter is a line that holds `--`, the boundary, and maybe white space. What stands before the first and behind
/// the last is passed over. What only begins like a delimiter is content.
package struct MultipartParser: Sendable {
    /// What the bytes are, in their order.
    package enum Step: Hashable, Sendable {
        /// Nothing can be decided yet; call again with more bytes.
        case needMoreBytes
        /// A part begins.
        case part(MultipartHead)
        /// More of its content; never empty.
        case content([UInt8])
        /// The part is whole.
        case partEnd
        /// Behind the last part; nothing more comes.
        case end
    }

    private enum State: Sendable {
        /// Before the first delimiter.
        case preamble
        /// Behind a head, whose last CRLF is still unread: a part without content may have its delimiter at once.
        case contentStart
        case content
        /// Behind a delimiter, whose CRLF is still unread.
        case head
        case epilogue
    }

    private enum Match {
        /// So many bytes hold none, nor its beginning.
        case none(Int)
        /// A delimiter may begin here.
        case maybe(Int)
        case delimiter(Range<Int>, isLast: Bool)
    }

    private let delimiter: [UInt8]
    private let limits: MultipartLimits
    private var state = State.preamble
    /// As if a line had ended before: the first delimiter may be the very beginning.
    private var unread: [UInt8] = [0x0D, 0x0A]
    /// How much of the unread bytes holds no end of a head.
    private var searched = 0
    private var parts = 0

    /// - Parameter boundary: 1 to 70 bytes.
    package init(boundary: some Collection<UInt8>, limits: MultipartLimits) {
        self.delimiter = [0x0D, 0x0A, 0x2D, 0x2D] + boundary
        self.limits = limits
    }

    /// The next bytes of the body.
    package mutating func append(_ bytes: [UInt8]) {
        guard self.state != .epilogue else { return }
        self.unread += bytes
    }

    /// Says what comes next; to be called until it needs more bytes.
    package mutating func next() throws(MultipartFault) -> Step {
        switch self.state {
        case .preamble:
            switch self.find() {
            case .none(let count):
                self.unread.removeFirst(count)
                return .needMoreBytes
            case .maybe(let start):
                try self.checkLine(from: start)
                self.unread.removeFirst(start)
                return .needMoreBytes
            case .delimiter(let range, let isLast):
                self.pass(range, isLast: isLast)
                return isLast ? .end : try self.next()
            }
        case .contentStart:
            switch self.find() {
            case .maybe(0):
                try self.checkLine(from: 0)
                return .needMoreBytes
            case .delimiter(let range, let isLast) where range.lowerBound == 0:
                self.pass(range, isLast: isLast)
                return .partEnd
            default:
                self.unread.removeFirst(2)
                self.state = .content
                return try self.next()
            }
        case .content:
            switch self.find() {
            case .none(let count): return self.takeContent(count)
            case .maybe(let start):
                if start == 0 { try self.checkLine(from: 0) }
                return self.takeContent(start)
            case .delimiter(let range, let isLast):
                if range.lowerBound > 0 { return self.takeContent(range.lowerBound) }
                self.pass(range, isLast: isLast)
                return .partEnd
            }
        case .head: return try self.head()
        case .epilogue: return .end
        }
    }

    /// Whether the last delimiter has come; else the body was cut.
    package var isWhole: Bool { self.state == .epilogue }

    private mutating func takeContent(_ count: Int) -> Step {
        guard count > 0 else { return .needMoreBytes }
        let content = Array(self.unread[..<count])
        self.unread.removeFirst(count)
        return .content(content)
    }

    /// White space behind a boundary is part of the delimiter, but not without end.
    private func checkLine(from start: Int) throws(MultipartFault) {
        guard self.unread.count - start <= self.delimiter.count + self.limits.headBytes else { throw .headTooLarge }
    }

    private mutating func pass(_ delimiter: Range<Int>, isLast: Bool) {
        self.unread.removeFirst(delimiter.upperBound)
        self.searched = 0
        self.state = isLast ? .epilogue : .head
        if isLast { self.unread = [] }
    }

    // MARK: Delimiters

    private func find() -> Match {
        var start = 0
        while let found = self.unread[start...].firstIndex(of: 0x0D) {
            let rest = self.unread[found...]
            if rest.count < self.delimiter.count {
                if self.delimiter.starts(with: rest) { return .maybe(found) }
            } else if rest.starts(with: self.delimiter) {
                switch self.line(from: found + self.delimiter.count) {
                case .ended(let end, let isLast): return .delimiter(found..<end, isLast: isLast)
                case .unknown: return .maybe(found)
                case .other: break
                }
            }
            start = found + 1
        }
        return .none(self.unread.count)
    }

    private enum Line {
        /// The CRLF stays, as the beginning of the head.
        case ended(Int, isLast: Bool)
        case unknown
        /// The boundary goes on: it is another text.
        case other
    }

    private func line(from start: Int) -> Line {
        var place = start
        if self.unread[place...].first == 0x2D {
            guard place + 1 < self.unread.count else { return .unknown }
            return self.unread[place + 1] == 0x2D ? .ended(place + 2, isLast: true) : .other
        }
        while place < self.unread.count, [0x20, 0x09].contains(self.unread[place]) { place += 1 }
        guard place < self.unread.count else { return .unknown }
        guard self.unread[place] == 0x0D else { return .other }
        guard place + 1 < self.unread.count else { return .unknown }
        return self.unread[place + 1] == 0x0A ? .ended(place, isLast: false) : .other
    }

    // MARK: Heads

    /// A head ends with an empty line; that of the delimiter is its first.
    private mutating func head() throws(MultipartFault) -> Step {
        let end: [UInt8] = [0x0D, 0x0A, 0x0D, 0x0A]
        var place = self.searched
        while place + end.count <= self.unread.count, !self.unread[place...].starts(with: end) { place += 1 }
        guard place <= self.limits.headBytes else { throw .headTooLarge }
        guard place + end.count <= self.unread.count else {
            self.searched = place
            return .needMoreBytes
        }
        self.parts += 1
        guard self.parts <= self.limits.parts else { throw .tooManyParts }
        let head = try MultipartHead(self.unread[..<place].dropFirst(2))
        self.unread.removeFirst(place + 2)
        self.state = .contentStart
        return .part(head)
    }
}
