/// Lines that wait to be written, oldest first; those that find no room are counted instead.
package struct LineQueue: Sendable {
    /// Bytes that may wait. A line that finds nothing waiting is kept whatever its length.
    package var limit: Int
    private var bytes: [UInt8] = []
    private var untold = 0
    /// The last that was written is no whole line.
    private var isTorn = false
    /// Lines that nobody will read, since the start.
    package private(set) var dropped = 0

    package init(limit: Int) { self.limit = limit }

    /// Whether no line waits; what was dropped is told with the next.
    package var isEmpty: Bool { self.bytes.isEmpty }

    /// - Parameter line: with its line end.
    package mutating func add(_ line: String) {
        let line = line.utf8
        guard self.bytes.isEmpty || self.bytes.count + line.count <= self.limit else { return self.drop(1) }
        self.bytes.append(contentsOf: line)
    }

    /// Counts lines that were taken and could not be written: those that end behind so many bytes.
    package mutating func drop(_ taken: [UInt8], behind written: Int) {
        let lineEnd = UInt8(ascii: "\n")
        // It is there for half a line that is before these, and is none itself.
        let isFirst = taken.first == lineEnd
        self.isTorn = written > 0 ? taken[written - 1] != lineEnd : isFirst
        self.drop(taken[max(written, isFirst ? 1 : 0)...].count { $0 == lineEnd })
    }

    /// What comes next is written elsewhere.
    package mutating func beginsAnew() { self.isTorn = false }

    private mutating func drop(_ lines: Int) {
        self.untold += lines
        self.dropped += lines
    }

    /// Takes all that waits.
    ///
    /// - Parameter notice: the line that tells of so many dropped ones, which stands where they would.
    /// - Returns: `nil` when there is nothing to write.
    package mutating func take(_ notice: (Int) -> String) -> [UInt8]? {
        var taken: [UInt8] = []
        swap(&taken, &self.bytes)
        if self.untold > 0 {
            taken.append(contentsOf: notice(self.untold).utf8)
            self.untold = 0
        }
        guard !taken.isEmpty else { return nil }
        // Nothing is to stand behind half a line.
        if self.isTorn { taken.insert(UInt8(ascii: "\n"), at: 0) }
        self.isTorn = false
        return taken
    }
}
