import Synchronization

/// Things that come, in their order, for those who wait for the next.
final class Arrivals<Thing: Sendable>: Sendable {
    private struct State {
        var things: [Thing] = []
        var waiting: [(id: Int, continuation: CheckedContinuation<Thing, any Error>)] = []
        /// Those who were cancelled before they waited.
        var cancelled: Set<Int> = []
        var nextID = 0
        var end: (any Error)?
    }

    private let state = Mutex(State())

    func put(_ thing: Thing) {
        let first = self.state.withLock { state -> CheckedContinuation<Thing, any Error>? in
            guard state.waiting.isEmpty else { return state.waiting.removeFirst().continuation }
            state.things.append(thing)
            return nil
        }
        first?.resume(returning: thing)
    }

    /// Nothing more comes; what has come can still be taken.
    func end(throwing error: any Error) {
        let waiting = self.state.withLock { state in
            state.end = state.end ?? error
            defer { state.waiting = [] }
            return state.waiting.map(\.continuation)
        }
        for continuation in waiting { continuation.resume(throwing: error) }
    }

    /// - Throws: `CancellationError`; at the end what that is.
    func next() async throws -> Thing {
        let id = self.state.withLock { state in
            defer { state.nextID += 1 }
            return state.nextID
        }
        return try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { self.wait(id, $0) }
        } onCancel: {
            self.cancel(id)
        }
    }

    private func wait(_ id: Int, _ continuation: CheckedContinuation<Thing, any Error>) {
        let result = self.state.withLock { state -> Result<Thing, any Error>? in
            if state.cancelled.remove(id) != nil { return .failure(CancellationError()) }
            if !state.things.isEmpty { return .success(state.things.removeFirst()) }
            if let end = state.end { return .failure(end) }
            state.waiting.append((id, continuation))
            return nil
        }
        if let result { continuation.resume(with: result) }
    }

    private func cancel(_ id: Int) {
        let continuation = self.state.withLock { state -> CheckedContinuation<Thing, any Error>? in
            guard let place = state.waiting.firstIndex(where: { $0.id == id }) else {
                state.cancelled.insert(id)
                return nil
            }
            return state.waiting.remove(at: place).continuation
        }
        continuation?.resume(throwing: CancellationError())
    }
}
