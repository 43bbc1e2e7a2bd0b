import DequeModule
import Synchronization

/// What waits for a free taker. Its bound is the credit for which it was delivered.
final class JobQueue<Job: Sendable>: Sendable {
    private struct State {
        var jobs: Deque<Job> = []
        var takers: Deque<CheckedContinuation<Job?, Never>> = []
        var isClosed = false
    }

    private let state = Mutex(State())

    func put(_ job: Job) {
        let taker = self.state.withLock { state -> CheckedContinuation<Job?, Never>? in
            if let taker = state.takers.popFirst() { return taker }
            state.jobs.append(job)
            return nil
        }
        taker?.resume(returning: job)
    }

    /// Nothing more will come; what has come is still handed on.
    func close() {
        let takers = self.state.withLock { state -> Deque<CheckedContinuation<Job?, Never>> in
            state.isClosed = true
            defer { state.takers = [] }
            return state.takers
        }
        for taker in takers { taker.resume(returning: nil) }
    }

    /// The oldest; nil when nothing more will come.
    func next() async -> Job? {
        await withCheckedContinuation { taker in
            let answer = self.state.withLock { state -> Job?? in
                if let job = state.jobs.popFirst() { return .some(job) }
                if state.isClosed { return .some(nil) }
                state.takers.append(taker)
                return nil
            }
            if let answer { taker.resume(returning: answer) }
        }
    }
}
