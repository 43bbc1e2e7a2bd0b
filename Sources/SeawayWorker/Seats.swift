import SeawayMessage
import Synchronization

/// The tasks of a worker, each with one piece of work at a time, and each to be cancelled alone.
///
/// A task that was cancelled stays so: when its work has ended a fresh one takes its seat. So work that nobody cancels
/// costs no task of its own.
final class Seats: Sendable {
    private struct State {
        var table: SeatTable<Exchange>
        /// By seat: who is waiting to cancel its task.
        var cancellers: [CheckedContinuation<Void, Never>?]
        /// By seat: its task has ended.
        var hasEnded: [Bool]
        var clockWatcher: CheckedContinuation<Duration?, Never>?
        var isOver = false

        /// What tells the one who waits for something to become due.
        mutating func wake() -> Wake? {
            guard self.clockWatcher != nil, let due = self.table.nextDue, let watcher = self.clockWatcher.take() else {
                return nil
            }
            return { watcher.resume(returning: due) }
        }
    }

    private typealias Wake = () -> Void

    private let state: Mutex<State>
    private let stopwatch: Stopwatch
    let count: Int

    /// - Parameter notice: how long work goes on before it is due; `nil`: it never is.
    init(count: Int, notice: Duration?, stopwatch: Stopwatch) {
        self.count = count
        self.stopwatch = stopwatch
        self.state = Mutex(
            State(
                table: SeatTable(count: count, notice: notice), cancellers: Array(repeating: nil, count: count),
                hasEnded: Array(repeating: false, count: count)))
    }

    // MARK: Tasks

    /// Works at a seat until `work` says that all is done; as often as it is cancelled before, a fresh task goes on.
    ///
    /// - Parameter work: returns whether all is done.
    func occupy(_ seat: Int, _ work: @escaping @Sendable () async -> Bool) async {
        var isOver = false
        while !isOver {
            self.state.withLock { state in
                state.table.sit(at: seat)
                state.hasEnded[seat] = false
            }
            isOver = await withTaskGroup(of: Bool.self) { group in
                group.addTask {
                    let isOver = await work()
                    self.taskEnded(at: seat)
                    return isOver
                }
                await self.cancellation(at: seat)
                group.cancelAll()
                return await group.next() ?? true
            }
        }
    }

    /// Returns when the task of a seat is to be cancelled, or has ended.
    private func cancellation(at seat: Int) async {
        await withCheckedContinuation { continuation in
            let isNow = self.state.withLock { state in
                if state.table.isCancelled(at: seat) || state.hasEnded[seat] { return true }
                state.cancellers[seat] = continuation
                return false
            }
            if isNow { continuation.resume() }
        }
    }

    private func taskEnded(at seat: Int) {
        let canceller = self.state.withLock { state in
            state.hasEnded[seat] = true
            return state.cancellers[seat].take()
        }
        canceller?.resume()
    }

    // MARK: Work

    /// - Parameter isWatched: whether it becomes due when it takes long.
    func begin(_ kind: AnswerProgress.Kind, replyChannel: String, at seat: Int, isWatched: Bool) -> Exchange {
        let (exchange, wake) = self.state.withLock { state -> (Exchange, Wake?) in
            let exchange = state.table.begin(at: seat, now: self.stopwatch.elapsed, isWatched: isWatched) { number in
                Exchange(kind, replyChannel: replyChannel, number: number, seats: self)
            }
            return (exchange, state.wake())
        }
        wake?()
        return exchange
    }

    /// - Returns: whether the seat's task was cancelled, and cannot take other work.
    func end(at seat: Int) -> Bool { self.state.withLock { $0.table.end(at: seat) } }

    /// What has this number, if somebody works on it.
    func work(_ number: Int) -> Exchange? { self.state.withLock { $0.table.work(number) } }

    /// Cancels the task that works on something, if it still does.
    func cancel(_ number: Int) {
        let canceller = self.state.withLock { state in
            state.table.cancel(number).flatMap { state.cancellers[$0].take() }
        }
        canceller?.resume()
    }

    // MARK: Time

    /// By the clock on which work becomes due.
    var now: Duration { self.stopwatch.elapsed() }

    /// When something is due next; waits while nothing is.
    ///
    /// - Returns: `nil` when nothing ever will be.
    func nextDue() async -> Duration? {
        await withCheckedContinuation { continuation in
            let next = self.state.withLock { state -> Duration?? in
                if state.isOver { return .some(nil) }
                if let due = state.table.nextDue { return due }
                state.clockWatcher = continuation
                return nil
            }
            if let next { continuation.resume(returning: next) }
        }
    }

    /// Sleeps until a time by ``now``. Not for as long as there is until then: what passes between looking at the clock
    /// and going to sleep would come on top.
    func sleep(until time: Duration) async throws { try await self.stopwatch.sleep(time) }

    func takeDue() -> [Exchange] {
        let now = self.now
        return self.state.withLock { $0.table.takeDue(at: now) }
    }

    func putOff(_ number: Int) {
        let now = self.now
        let wake = self.state.withLock { state in
            state.table.putOff(number, at: now)
            return state.wake()
        }
        wake?()
    }

    /// Nothing is due any more.
    func stopNoticing() { self.state.withLock { $0.table.stopNoticing() } }

    /// All work has ended.
    func close() {
        let watcher = self.state.withLock { state in
            state.isOver = true
            return state.clockWatcher.take()
        }
        watcher?.resume(returning: nil)
    }
}

/// The time since it was made, whatever the clock.
struct Stopwatch: Sendable {
    let elapsed: @Sendable () -> Duration
    /// Sleeps until so much has elapsed.
    let sleep: @Sendable (_ until: Duration) async throws -> Void

    init(_ clock: any Clock<Duration>) {
        // The one that is read for each request of a real worker.
        if let clock = clock as? ContinuousClock { self.init(on: clock) } else { self.init(onAny: clock) }
    }

    private init(onAny clock: some Clock<Duration>) { self.init(on: clock) }

    @inline(__always)
    private init<Time: Clock<Duration>>(on clock: Time) {
        let start = clock.now
        self.elapsed = { start.duration(to: clock.now) }
        self.sleep = { try await clock.sleep(until: start.advanced(by: $0), tolerance: nil) }
    }
}
