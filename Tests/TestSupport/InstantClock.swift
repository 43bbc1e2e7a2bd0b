import Synchronization

/// A clock on which no wait takes any time; it keeps what was waited for.
package final class InstantClock: Clock {
    package typealias Instant = ContinuousClock.Instant
    private let waited = Mutex<[Duration]>([])
    private let start = ContinuousClock.now

    package init() {}

    package var waits: [Duration] { self.waited.withLock { $0 } }
    package var now: Instant { self.waited.withLock { self.start + $0.reduce(.zero, +) } }
    package var minimumResolution: Duration { .nanoseconds(1) }

    package func sleep(until deadline: Instant, tolerance: Duration?) async throws {
        try Task.checkCancellation()
        let wait = deadline - self.now
        self.waited.withLock { $0.append(wait) }
    }
}
