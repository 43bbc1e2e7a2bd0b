/// Knows whether a peer takes what is written to it, however slowly.
///
/// Every timer that can end a connection counts only while the peer takes nothing: see ``waitingSince`` and
/// ``freeSince``. Whether a channel is writable does not tell it, since between full and writable again a slow peer
/// may take bytes for a minute.
package struct TakenBytes: Hashable, Sendable {
    /// Since when the peer has taken nothing, though something waits for it; `nil` while nothing waits.
    package private(set) var waitingSince: Moment?
    /// Since when nothing waits: all that was written has arrived at the peer's machine.
    package private(set) var freeSince: Moment
    private var last = Outgoing(waiting: 0, taken: nil)

    package init(now: Moment) { self.freeSince = now }

    /// Whether there is something to look for: of a connection to which nothing was written the system is asked
    /// nothing.
    package var isOpen: Bool { self.waitingSince != nil }

    /// Something was written; whether the peer has taken it is known at the next ``look(_:at:)``.
    package mutating func wrote(at now: Moment) {
        if self.waitingSince == nil { self.waitingSince = now }
    }

    /// Takes what is on its way now, at each sweep while ``isOpen``.
    package mutating func look(_ outgoing: Outgoing, at now: Moment) {
        defer { self.last = outgoing }
        if outgoing.waiting == 0 {
            // What was never seen to wait has gone at once.
            if let start = self.waitingSince { self.freeSince = self.last.waiting == 0 ? start : now }
            self.waitingSince = nil
        } else if self.waitingSince == nil || outgoing.isFurther(than: self.last) {
            self.waitingSince = now
        }
    }

    /// Whether something has waited for so long and the peer took nothing of it.
    package func isStalled(for time: Duration, at now: Moment) -> Bool {
        self.waitingSince.map { $0 + time <= now } ?? false
    }
}

/// What of a connection's output is on its way at one moment.
package struct Outgoing: Hashable, Sendable {
    /// Bytes that were written and that the peer's machine has not acknowledged: in this process and, where the system
    /// tells it, in its kernel.
    package var waiting: Int
    /// Bytes that the peer's machine has acknowledged from the connection's start on; `nil` where the system does not
    /// tell it.
    package var taken: UInt64?
    /// Of what waits, the bytes that this process holds: who closes the connection drops them, while the kernel goes on
    /// sending what it has.
    package var held: Int

    package init(waiting: Int, taken: UInt64?, held: Int = 0) {
        self.waiting = waiting
        self.taken = taken
        self.held = held
    }

    /// Without the count of what was taken, only less that waits shows that some of it was.
    fileprivate func isFurther(than last: Outgoing) -> Bool {
        guard let taken = self.taken, let before = last.taken else { return self.waiting < last.waiting }
        return taken > before
    }
}
