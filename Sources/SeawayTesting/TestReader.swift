public import SeawayMessage
import Synchronization

/// Reads channels of a ``TestBroker``, one message at a time: each ``next()`` grants one credit.
public final class TestReader: Sendable {
    private struct State {
        var deliveries: [Delivery] = []
        /// In the order in which they began to wait.
        var waiting: [(id: Int, continuation: CheckedContinuation<Delivery, any Error>)] = []
        /// Those who were cancelled before they waited.
        var cancelled: Set<Int> = []
        var nextID = 0
        /// Granted and not used: those who were cancelled have left it.
        var spareCredit = 0
        var end: ClientError?
        var starting: CheckedContinuation<Void, any Error>?
    }

    private let names: [String]
    private let state = Mutex(State())
    private let listening = Mutex<(any Listening)?>(nil)

    private init(_ names: [String]) { self.names = names }

    /// Listens, and returns when that is in force.
    static func open(
        _ names: [String], terms: ListeningTerms = .none, on layer: any ChannelLayer
    ) async throws -> TestReader {
        let reader = TestReader(names)
        try await withCheckedThrowingContinuation { (continuation: CheckedContinuation<Void, any Error>) in
            reader.state.withLock { $0.starting = continuation }
            let listening = layer.listen(to: names, terms: terms) { [weak reader] in
                reader?.take($0)
            } event: { [weak reader] in
                reader?.take($0)
            }
            reader.listening.withLock { $0 = listening }
        }
        return reader
    }

    /// The next delivery.
    ///
    /// - Throws: `CancellationError`; `ClientError` when another reader has taken the name over (`lost`), and after
    ///   ``stop()``.
    public func next() async throws -> Delivery {
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

    /// The next message, decoded.
    public func nextMessage() async throws -> Message { try Message(try await self.next().body) }

    /// Has all that waits delivered; see ``untaken``.
    func takeAll() { self.listening.withLock { $0 }?.ready(1_024) }

    /// What was delivered and nobody has asked for.
    var untaken: [Delivery] { self.state.withLock { $0.deliveries } }

    /// Stops listening; a mailbox's messages and memberships end with it.
    public func stop() async {
        guard let listening = self.listening.withLock({ $0.take() }) else { return }
        await withCheckedContinuation { continuation in listening.stop { continuation.resume() } }
        self.end(Refusal(code: "lost", text: "the reader was stopped"))
    }

    // MARK: Waiting

    private func wait(_ id: Int, _ continuation: CheckedContinuation<Delivery, any Error>) {
        enum Outcome { case now(Result<Delivery, any Error>), waits(needsCredit: Bool) }
        let outcome = self.state.withLock { state -> Outcome in
            if state.cancelled.remove(id) != nil { return .now(.failure(CancellationError())) }
            if !state.deliveries.isEmpty { return .now(.success(state.deliveries.removeFirst())) }
            if let end = state.end { return .now(.failure(end)) }
            state.waiting.append((id, continuation))
            guard state.spareCredit > 0 else { return .waits(needsCredit: true) }
            state.spareCredit -= 1
            return .waits(needsCredit: false)
        }
        switch outcome {
        case .now(let result): continuation.resume(with: result)
        case .waits(let needsCredit):
            // Outside the lock of the listening: the delivery may come at once.
            let listening = self.listening.withLock { $0 }
            if needsCredit { listening?.ready(1) }
        }
    }

    private func cancel(_ id: Int) {
        let continuation = self.state.withLock { state -> CheckedContinuation<Delivery, any Error>? in
            guard let place = state.waiting.firstIndex(where: { $0.id == id }) else {
                state.cancelled.insert(id)
                return nil
            }
            state.spareCredit += 1
            return state.waiting.remove(at: place).continuation
        }
        continuation?.resume(throwing: CancellationError())
    }

    // MARK: What comes

    private func take(_ delivery: Delivery) {
        let waiting = self.state.withLock { state -> CheckedContinuation<Delivery, any Error>? in
            guard state.waiting.isEmpty else { return state.waiting.removeFirst().continuation }
            // One that was cancelled had granted the credit.
            state.spareCredit -= 1
            state.deliveries.append(delivery)
            return nil
        }
        waiting?.resume(returning: delivery)
    }

    private func take(_ event: ListeningEvent) {
        switch event {
        case .started: self.state.withLock { $0.starting.take() }?.resume()
        case .interrupted, .weakened, .forsaken: break
        case .lost(let name): self.end(Refusal(code: "lost", text: "another reader has taken \(name) over"))
        case .refused(let refusal): self.end(refusal)
        }
    }

    private func end(_ refusal: Refusal) {
        let error = ClientError(refusal, name: self.names.joined(separator: " "))
        let (starting, waiting) = self.state.withLock { state in
            defer { state.waiting = [] }
            state.end = error
            return (state.starting.take(), state.waiting.map(\.continuation))
        }
        starting?.resume(throwing: error)
        for continuation in waiting { continuation.resume(throwing: error) }
    }
}
