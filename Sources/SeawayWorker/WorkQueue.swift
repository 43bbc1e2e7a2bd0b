import DequeModule
import Synchronization

/// What waits for a free consumer; at most as much as credit was granted for.
///
/// Counts what was begun and has not ended, so that after ``close()`` the takers are sent home when, and only when, all
/// of it has.
package final class WorkQueue<Job: Sendable>: Sendable {
    private struct State {
        var jobs: Deque<Job> = []
        /// The last to wait is the first to go on: its memory is still warm.
        var idle: [CheckedContinuation<Job?, Never>] = []
        /// A taker was woken and has not come round: it will see to what is put meanwhile.
        var isWaking = false
        var unended = 0
        var isClosed = false

        var isOver: Bool { self.isClosed && self.unended == 0 }
    }

    private let state = Mutex(State())

    package init() {}

    /// What was begun and has not ended.
    var unended: Int { self.state.withLock { $0.unended } }

    /// Adds a job that has to be ended with ``end()``.
    package func begin(_ job: Job) {
        self.put(job, isNew: true)
    }

    /// Puts a job that was begun back for another turn.
    package func putBack(_ job: Job) {
        self.put(job, isNew: false)
    }

    private func put(_ job: Job, isNew: Bool) {
        let taker = self.state.withLock { state -> CheckedContinuation<Job?, Never>? in
            if isNew { state.unended += 1 }
            if !state.isWaking, let taker = state.idle.popLast() {
                state.isWaking = true
                return taker
            }
            state.jobs.append(job)
            return nil
        }
        taker?.resume(returning: job)
    }

    /// The next job, in the order in which they came; `nil` when all has ended and nothing more will come.
    package func next() async -> Job? {
        if let job = self.state.withLock({ $0.jobs.popFirst() }) { return job }
        let job = await withCheckedContinuation { self.wait($0) }
        self.wakeAnother()
        return job
    }

    private func wait(_ taker: CheckedContinuation<Job?, Never>) {
        let answer = self.state.withLock { state -> Job?? in
            if let job = state.jobs.popFirst() { return .some(job) }
            if state.isOver { return .some(nil) }
            state.idle.append(taker)
            return nil
        }
        if let answer { taker.resume(returning: answer) }
    }

    /// One taker wakes the next as long as there is work: no more threads are troubled than can go on.
    private func wakeAnother() {
        let next = self.state.withLock { state -> (CheckedContinuation<Job?, Never>, Job)? in
            state.isWaking = false
            guard !state.idle.isEmpty, let job = state.jobs.popFirst() else { return nil }
            guard let taker = state.idle.popLast() else { return nil }
            state.isWaking = true
            return (taker, job)
        }
        next?.0.resume(returning: next?.1)
    }

    /// A job has ended.
    package func end() {
        self.release { $0.unended -= 1 }
    }

    /// Nothing more will come; what has come is still worked on.
    package func close() {
        self.release { $0.isClosed = true }
    }

    private func release(after change: (inout State) -> Void) {
        let idle = self.state.withLock { state -> [CheckedContinuation<Job?, Never>] in
            change(&state)
            guard state.isOver else { return [] }
            defer { state.idle = [] }
            return state.idle
        }
        for taker in idle { taker.resume(returning: nil) }
    }
}
