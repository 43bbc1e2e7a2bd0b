import SeawayTesting
import Synchronization

/// A clock on which time passes once, and then no more: as soon as somebody who waits has looked at it, or sleeps.
///
/// It is looked at before that when it is given away, and when the only request begins.
final class HastyClock: Clock {
    typealias Instant = ManualClock.Instant

    private struct State {
        var looks = 0
        var now = Instant(sinceStart: .zero)
    }

    private let leap: Instant
    private let state = Mutex(State())

    init(_ leap: Duration) { self.leap = Instant(sinceStart: leap) }

    var minimumResolution: Duration { .nanoseconds(1) }

    var now: Instant {
        self.state.withLock { state in
            state.looks += 1
            defer { if state.looks == 3 { state.now = self.leap } }
            return state.now
        }
    }

    func sleep(until deadline: Instant, tolerance: Duration?) async throws {
        self.state.withLock { $0.now = self.leap }
        // For ever, if it is later.
        if deadline > self.leap { try await ManualClock().sleep(until: deadline, tolerance: nil) }
    }
}
