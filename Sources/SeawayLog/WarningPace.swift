package import Logging

/// How important a line is that may come with every request: now and then a warning, for debugging otherwise.
package struct WarningPace<Instant: InstantProtocol>: Sendable where Instant: Sendable, Instant.Duration: Sendable {
    private let pause: Instant.Duration
    private var next: Instant?

    /// - Parameter pause: how long after a warning there is no other.
    package init(pause: Instant.Duration) { self.pause = pause }

    /// Whether what happens now is worth a warning; then what happens next is not, for a while.
    package mutating func isDue(at now: Instant) -> Bool {
        if let next, now < next { return false }
        self.next = now.advanced(by: self.pause)
        return true
    }

    /// What to log it at.
    package mutating func level(at now: Instant) -> Logger.Level { self.isDue(at: now) ? .warning : .debug }
}
