import InMemoryLogging
import SeawayMessage
import SeawayTesting
import SeawayWorker
import ServiceLifecycleTestKit
import TestSupport
import Testing

/// What a worker says of itself.
@Suite(.timeLimit(.minutes(1))) struct WorkerLogTests {
    @Test func itSaysThatItListensAndThatItLeaves() async throws {
        let layer = FakeLayer(opening: nil)
        let log = InMemoryLogHandler()
        try await withWorker(layer, log: log) { worker in
            worker.onWebSocket(sticky: true) { _, _ in }
        } talk: { shutdown in
            layer.happen(.started(kept: false))
            layer.event(1, "connect", order: 0)
            #expect(try await layer.nextCredit() == 1)
            shutdown.triggerGracefulShutdown()
            shutdown.triggerGracefulShutdown()
            try await layer.stopping()
        }
        let mailbox = layer.names.last ?? ""
        #expect(
            log.lines == [
                "info listening channels=websocket.connect websocket.disconnect websocket.receive \(mailbox)",
                "info leaving: takes no more and finishes what it has under-way=0",
                "info gives its sockets back sockets=1", "info all work is done",
            ])
    }

    @Test(arguments: [
        (
            ListeningEvent.refused(Refusal(code: "denied", text: "not allowed")),
            "error listening is refused: the worker ends channels=a reason=denied: not allowed"
        ), (.lost(name: "a"), "error another reader has taken a channel over: the worker ends channel=a"),
    ])
    func itSaysWhyItEnds(event: ListeningEvent, line: String) async throws {
        let layer = FakeLayer(opening: nil)
        let log = InMemoryLogHandler()
        await #expect(throws: WorkerError.self) {
            try await withWorker(layer, log: log) { worker in
                worker.on("a") { _ in }
            } talk: { _ in
                layer.happen(event)
            }
        }
        #expect(log.errors == [line])
    }

    /// Its layer says that the broker is away, and back.
    @Test func listeningAgainIsNoNews() async throws {
        let layer = FakeLayer(opening: nil)
        let log = InMemoryLogHandler.whole
        try await withWorker(layer, log: log) { worker in
            worker.on("a") { _ in }
        } talk: { _ in
            layer.happen(.started(kept: false))
            layer.happen(.interrupted)
            layer.happen(.started(kept: false))
        }
        #expect(log.lines.filter { $0.hasPrefix("info listening") }.count == 1)
        #expect(log.lines.filter { $0.hasPrefix("debug listening") }.count == 2)
    }
}
