import SeawayMessage
import Synchronization

/// What a ``FakeLayer`` was sent, and what became of it.
final class SentMessages: Sendable {
    typealias Sent = FakeLayer.Sent

    private struct State {
        var sent: [Sent] = []
        var answers: [Int: SendAnswer] = [:]
    }

    private let state = Mutex(State())
    private let inbox = Arrivals<Sent>()

    init() {}

    var all: [Sent] { self.state.withLock { $0.sent } }
    var answers: [Int: SendAnswer] { self.state.withLock { $0.answers } }
    var taken: [Sent] {
        self.state.withLock { state in state.sent.indices.filter { state.answers[$0] == .done }.map { state.sent[$0] } }
    }

    /// - Returns: its place, the first being 0.
    func add(_ sent: Sent) -> Int {
        self.state.withLock { state in
            state.sent.append(sent)
            return state.sent.count - 1
        }
    }

    func settle(_ place: Int, _ answer: SendAnswer) { self.state.withLock { $0.answers[place] = answer } }

    /// To who waits for the next.
    func tell(_ sent: Sent) { self.inbox.put(sent) }
    func next() async throws -> Sent { try await self.inbox.next() }
}

/// Answers that a test keeps back.
final class HeldAnswers: Sendable {
    private let held = Mutex<[@Sendable (SendAnswer) -> Void]>([])

    init() {}

    func keep(_ answer: @escaping @Sendable (SendAnswer) -> Void) { self.held.withLock { $0.append(answer) } }

    /// All that are held are answered in the same way.
    func answer(_ answer: SendAnswer) {
        let held = self.held.withLock { held in
            defer { held = [] }
            return held
        }
        for answerOne in held { answerOne(answer) }
    }
}
