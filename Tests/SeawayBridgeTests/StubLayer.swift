import SeawayMessage
import Synchronization

/// A layer that answers sends as the test says, and keeps what was taken.
final class StubLayer: ChannelLayer {
    private struct State {
        var sends = 0
        var taken: [(name: String, message: Message)] = []
        var joined: [String] = []
    }

    private let state = Mutex(State())
    private let verdict: @Sendable (Int) -> SendAnswer
    private let hangs: (@Sendable () -> Void)?

    /// - Parameter verdict: what becomes of the n-th send, the first being 0.
    init(verdict: @escaping @Sendable (Int) -> SendAnswer = { _ in .done }) {
        self.verdict = verdict
        self.hangs = nil
    }

    /// One that takes sends and never answers.
    ///
    /// - Parameter asked: called at each send.
    init(hanging asked: @escaping @Sendable () -> Void) {
        self.verdict = { _ in .unknown }
        self.hangs = asked
    }

    var sends: Int { self.state.withLock { $0.sends } }

    /// The field `n` of what was taken for a name, in order.
    func numbers(for name: String) -> [Int64] {
        self.state.withLock { $0.taken.filter { $0.name == name }.compactMap { $0.message["n"]?.int } }
    }

    private func answer(_ body: Payload, _ name: String) -> SendAnswer {
        self.state.withLock { state in
            let answer = self.verdict(state.sends)
            state.sends += 1
            if answer == .done { state.taken.append((name, (try? Message(body)) ?? [:])) }
            return answer
        }
    }

    // MARK: ChannelLayer

    var isConnected: Bool { true }

    func send(
        _ body: Payload, to channel: String, ifHeard: Bool, stream: String?,
        answer: @escaping @Sendable (SendAnswer) -> Void
    ) {
        if let hangs { return hangs() }
        answer(self.answer(body, channel))
    }

    func send(
        _ body: Payload, toGroup group: String, except: String?, answer: @escaping @Sendable (GroupAnswer) -> Void
    ) {
        switch self.answer(body, group) {
        case .done: answer(.sent(2, full: 1, gone: 0))
        case .refused(let refusal): answer(.refused(refusal))
        case .unknown: answer(.unknown)
        }
    }

    func listen(
        to names: [String], receive: @escaping @Sendable (Delivery) -> Void,
        event: @escaping @Sendable (ListeningEvent) -> Void
    ) -> any Listening {
        event(.refused(Refusal(code: "denied", text: "not here")))
        return StubListening()
    }

    func join(_ group: String, _ channels: [String], answer: @escaping @Sendable (SendAnswer) -> Void) { answer(.done) }
    func leave(_ group: String, _ channels: [String], answer: @escaping @Sendable (SendAnswer) -> Void) {
        answer(.done)
    }
    func watch(_ group: String, on channel: String, answer: @escaping @Sendable (SendAnswer) -> Void) { answer(.done) }
    func unwatch(_ group: String, on channel: String, answer: @escaping @Sendable (SendAnswer) -> Void) {
        answer(.done)
    }
    func pause(_ channel: String) {}
    func resume(_ channel: String) {}
    func close(_ channels: [String], done: @escaping @Sendable () -> Void) { done() }
}

private final class StubListening: Listening {
    func ready(_ count: Int) {}
    func stop(_ done: @escaping @Sendable () -> Void) { done() }
}

/// A clock on which no wait takes any time.
struct InstantClock: Clock {
    typealias Instant = ContinuousClock.Instant
    var now: Instant { ContinuousClock.now }
    var minimumResolution: Duration { .nanoseconds(1) }

    func sleep(until deadline: Instant, tolerance: Duration?) async throws { try Task.checkCancellation() }
}
