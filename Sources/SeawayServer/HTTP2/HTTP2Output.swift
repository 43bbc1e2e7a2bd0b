/// What of a stream's content has left for the connection, and whether the client lets any of it leave.
package struct HTTP2Output: Hashable, Sendable {
    /// Bytes of one frame, the least that any client takes.
    package static let piece = 16_384

    private var taken: TakenBytes
    private var written = 0
    private var left = 0
    private let maxUnsent: Int
    private let resumeBelow: Int
    /// More waits than should, and has not become few again.
    package private(set) var isFull = false

    /// - Parameters:
    ///   - maxUnsent: bytes above which it is full.
    ///   - resumeBelow: bytes below which it is not full any more.
    package init(now: Moment, maxUnsent: Int = .max, resumeBelow: Int = 0) {
        self.taken = TakenBytes(now: now)
        self.maxUnsent = maxUnsent
        self.resumeBelow = resumeBelow
    }

    package var isOpen: Bool { self.written > self.left }

    package var outgoing: Outgoing {
        let waiting = self.written - self.left
        return Outgoing(waiting: waiting, taken: UInt64(self.left), held: waiting)
    }

    package mutating func wrote(_ count: Int, at now: Moment) {
        self.written += count
        if self.written - self.left > self.maxUnsent { self.isFull = true }
        self.taken.wrote(at: now)
    }

    /// - Returns: whether it has ceased to be full with that.
    @discardableResult package mutating func left(_ count: Int) -> Bool {
        self.left += count
        guard self.isFull, self.written - self.left < self.resumeBelow else { return false }
        self.isFull = false
        return true
    }

    package mutating func look(at now: Moment) {
        guard self.taken.isOpen else { return }
        self.taken.look(self.outgoing, at: now)
    }

    package func isStalled(for time: Duration, at now: Moment) -> Bool { self.taken.isStalled(for: time, at: now) }
}
