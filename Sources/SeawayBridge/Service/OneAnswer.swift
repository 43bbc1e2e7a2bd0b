import Synchronization

/// Something that comes once, from any thread; who waits for it stops at once when its task is cancelled.
///
/// So nothing that never answers can hold a bridge that has to leave.
final class OneAnswer<Value: Sendable>: Sendable {
    private enum State {
        case open
        case awaited(CheckedContinuation<Value, any Error>)
        case given(Value)
        /// Nobody wants it any more.
        case over
    }

    private let state = Mutex(State.open)

    /// Later ones are passed over.
    func give(_ value: Value) {
        let waiting = self.state.withLock { state -> CheckedContinuation<Value, any Error>? in
            switch state {
            case .open:
                state = .given(value)
                return nil
            case .awaited(let waiting):
                state = .over
                return waiting
            case .given, .over: return nil
            }
        }
        waiting?.resume(returning: value)
    }

    /// - Throws: `CancellationError`, unless it was given before.
    func wait() async throws -> Value {
        try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { waiting in
                let answer = self.state.withLock { state -> Result<Value, any Error>? in
                    switch state {
                    case .given(let value): return .success(value)
                    case .open:
                        state = .awaited(waiting)
                        return nil
                    case .awaited, .over: return .failure(CancellationError())
                    }
                }
                if let answer { waiting.resume(with: answer) }
            }
        } onCancel: {
            let waiting = self.state.withLock { state -> CheckedContinuation<Value, any Error>? in
                switch state {
                case .given: return nil
                case .open, .over:
                    state = .over
                    return nil
                case .awaited(let waiting):
                    state = .over
                    return waiting
                }
            }
            waiting?.resume(throwing: CancellationError())
        }
    }
}

/// Waits for something for a limited time. What has not ended by then is cancelled, and has a little longer; what does
/// not end by that goes on alone until the process ends.
///
/// - Parameter after: until when it may take, once it was cancelled.
/// - Returns: nil when it was abandoned.
package func abandoning<Value: Sendable>(
    after: Duration, _ work: @escaping @Sendable () async throws -> Value,
    when: @escaping @Sendable () async throws -> Void
) async throws -> Value? {
    let ended = OneAnswer<Result<Value, any Error>>()
    let task = Task {
        do { ended.give(.success(try await work())) } catch { ended.give(.failure(error)) }
    }
    defer { task.cancel() }
    return try await withThrowingTaskGroup(of: Value?.self) { waits in
        waits.addTask { try await ended.wait().get() }
        waits.addTask {
            try await when()
            task.cancel()
            try await Task.sleep(for: after)
            return nil
        }
        defer { waits.cancelAll() }
        return try await waits.next() ?? nil
    }
}
