import SeawayMessage
import Synchronization

/// Who delivers what a ``FakeLayer`` has acknowledged, and keeps what is said of it.
final class FakeHolder: MessageHolder {
    private struct State {
        var last = 0
        var verdicts: [FakeLayer.Verdict] = []
    }

    private let state = Mutex(State())
    private let arrivals = Arrivals<FakeLayer.Verdict>()

    init() {}

    var all: [FakeLayer.Verdict] { self.state.withLock { $0.verdicts } }

    func next() async throws -> FakeLayer.Verdict { try await self.arrivals.next() }

    func next(on channel: String, times: Int) -> HeldMessage {
        let id = self.state.withLock { state in
            state.last += 1
            return "\(state.last)"
        }
        return HeldMessage(channel: channel, id: id, times: times, holder: self)
    }

    func take(
        _ verdict: HeldMessage.Verdict, of message: HeldMessage, answer: @escaping @Sendable (SendAnswer) -> Void
    ) {
        let said = FakeLayer.Verdict(message.id, verdict)
        self.state.withLock { $0.verdicts.append(said) }
        answer(.done)
        self.arrivals.put(said)
    }
}
