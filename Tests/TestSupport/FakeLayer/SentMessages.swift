package import SeawayMessage
import Synchronization

/// What a ``FakeLayer`` was sent, and what became of it.
package final class SentMessages: Sendable {
    package struct Sent: Sendable {
        package var channel: String
        package var body: Payload
        package var message: Message
        package var ifHeard: Bool
        package var stream: String?

        package init(channel: String, body: Payload, ifHeard: Bool = false, stream: String? = nil) {
            self.channel = channel
            self.body = body
            self.message = (try? Message(body)) ?? [:]
            self.ifHeard = ifHeard
            self.stream = stream
        }
    }

    private struct State {
        var sent: [Sent] = []
        var answers: [Int: SendAnswer] = [:]
    }

    private let state = Mutex(State())
    private let inbox = Inbox<Sent>()

    package init() {}

    package var all: [Sent] { self.state.withLock { $0.sent } }
    package var answers: [Int: SendAnswer] { self.state.withLock { $0.answers } }
    package var taken: [Sent] {
        self.state.withLock { state in state.sent.indices.filter { state.answers[$0] == .done }.map { state.sent[$0] } }
    }

    /// - Returns: its place, the first being 0.
    package func add(_ sent: Sent) -> Int {
        self.state.withLock { state in
            state.sent.append(sent)
            return state.sent.count - 1
        }
    }

    package func settle(_ place: Int, _ answer: SendAnswer) { self.state.withLock { $0.answers[place] = answer } }

    /// To who waits for the next.
    package func tell(_ sent: Sent) { self.inbox.put(sent) }
    package func next() async -> Sent { await self.inbox.next() }
}

/// Answers that a test keeps back.
package final class HeldAnswers: Sendable {
    private let held = Mutex<[@Sendable (SendAnswer) -> Void]>([])

    package init() {}

    package func keep(_ answer: @escaping @Sendable (SendAnswer) -> Void) { self.held.withLock { $0.append(answer) } }

    /// All that are held are answered in the same way.
    package func answer(_ answer: SendAnswer) {
        let held = self.held.withLock { held in
            defer { held = [] }
            return held
        }
        for answerOne in held { answerOne(answer) }
    }
}
