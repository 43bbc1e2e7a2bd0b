/// Cuts a stream of bytes into lines, each ended by LF; a CR before it is dropped.
package struct LineSplitter: Sendable {
    package enum Line: Hashable, Sendable {
        case text([UInt8])
        /// A line of more bytes than allowed, which is thrown away; told as soon as it is that long.
        case tooLong
    }

    private let limit: Int
    private var unfinished: [UInt8] = []
    private var isTooLong = false

    /// - Parameter limit: bytes of a line, its end not counted.
    package init(limit: Int) { self.limit = limit }

    /// The lines that end in these bytes. Empty lines are left out.
    package mutating func lines(in bytes: some Sequence<UInt8>) -> [Line] {
        var lines: [Line] = []
        for byte in bytes {
            if byte == UInt8(ascii: "\n") {
                if let line = self.end() { lines.append(line) }
            } else if !self.isTooLong {
                self.unfinished.append(byte)
                // One more than the limit: it may be the CR.
                if self.unfinished.count > self.limit + 1 {
                    self.isTooLong = true
                    self.unfinished = []
                    lines.append(.tooLong)
                }
            }
        }
        return lines
    }

    /// The stream has ended: what stands behind the last LF, or ends here, is a line too.
    package mutating func end() -> Line? {
        defer {
            self.unfinished.removeAll(keepingCapacity: true)
            self.isTooLong = false
        }
        if self.isTooLong { return nil }
        if self.unfinished.last == UInt8(ascii: "\r") { self.unfinished.removeLast() }
        if self.unfinished.count > self.limit { return .tooLong }
        return self.unfinished.isEmpty ? nil : .text(self.unfinished)
    }
}
