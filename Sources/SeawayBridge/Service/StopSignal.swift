import Synchronization

/// Tells one waiting task that it is time to stop.
package final class StopSignal: Sendable {
    private struct State {
        var isStopped = false
        var waiting: CheckedContinuation<Void, Never>?
    }

    private let state = Mutex(State())

    package init() {}

    package var isStopped: Bool { self.state.withLock { $0.isStopped } }

    package func stop() {
        let waiting = self.state.withLock { state in
            state.isStopped = true
            return state.waiting.take()
        }
        waiting?.resume()
    }

    /// Runs something until it ends or is told to stop, which cancels it.
    package func run(_ work: @escaping @Sendable () async throws -> Void) async throws {
        try await withThrowingTaskGroup { group in
            group.addTask { try await work() }
            group.addTask { await self.wait() }
            defer { group.cancelAll() }
            try await group.next()
        }
    }

    /// Returns when it was stopped, or the task was cancelled. One task may wait.
    package func wait() async {
        await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let isStopped = self.state.withLock { state in
                    if !state.isStopped { state.waiting = continuation }
                    return state.isStopped
                }
                if isStopped { continuation.resume() }
            }
        } onCancel: {
            self.stop()
        }
    }
}
