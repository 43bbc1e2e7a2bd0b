/// What of a stream's content has left for the connection, and whether the client lets any of it leave.
package struct HTTP2Output: Hashable, Sendable {
    /// Bytes of one frame, the least that any client takes.
    package static let piece = 16_384

    private var taken: TakenBytes
    private var written = 0
    private var left = 0

    package init(now: Moment) { self.taken = TakenBytes(now: now) }

    package var isOpen: Bool { self.written > self.left }

    package mutating func wrote(_ count: Int, at now: Moment) {
        self.written += count
        self.taken.wrote(at: now)
    }

    package mutating func left(_ count: Int) { self.left += count }

    package mutating func look(at now: Moment) {
        guard self.taken.isOpen else { return }
        self.taken.look(Outgoing(waiting: self.written - self.left, taken: UInt64(self.left)), at: now)
    }

    package func isStalled(for time: Duration, at now: Moment) -> Bool { self.taken.isStalled(for: time, at: now) }
}
