import InMemoryLogging
import SeawayMessage
import SeawayTesting
import SeawayWorker
import TestSupport
import Testing

/// Works until it is cancelled, as something does that waits for a database.
@Sendable func waitLong(_ begun: Inbox<Void>, _ ended: Inbox<Bool>) async throws {
    begun.put(())
    do {
        // On a clock that nobody moves.
        try await ManualClock().sleep(for: .seconds(1))
    } catch {
        ended.put(Task.isCancelled)
        throw error
    }
}

/// A layer whose listening on the ends of requests is in force, and a clock that a test moves.
struct DisconnectHouse {
    let layer: FakeLayer
    let broker: TestBroker
    let begun = Inbox<Void>()
    let ended = Inbox<Bool>()
    let log = InMemoryLogHandler.whole

    init(_ verdict: @escaping @Sendable (Int, FakeLayer.Sent) -> SendAnswer? = { _, _ in .done }) async throws {
        self.layer = FakeLayer(opening: nil, verdict: verdict)
        self.broker = try await TestBroker()
    }

    func run(
        concurrency: Int = 4, more: (Worker) -> Void = { _ in },
        talk: @escaping @Sendable (FakeLayer) async throws -> Void
    ) async throws {
        let (layer, begun, ended) = (self.layer, self.begun, self.ended)
        try await withWorker(
            layer, concurrency: concurrency, notice: .milliseconds(250), clock: self.broker.clock, log: self.log
        ) { worker in
            worker.on("http.request", path: "/slow") { _ in
                try await waitLong(begun, ended)
                return .text("late")
            }
            worker.on("http.request", path: "/quick") { _ in .text("quick") }
            more(worker)
        } talk: { _ in
            try await talk(layer)
        }
    }

    /// A request that takes so long that its channel is named.
    func nameOne(_ number: Int, isFirst: Bool = true) async throws -> String {
        self.layer.request(number, "/slow")
        await self.begun.next()
        let sent = try await self.passNotice(isFirst: isFirst)
        #expect(sent.channel == "http.response.s!\(number)")
        #expect(sent.ifHeard)
        #expect(sent.message.keys == ["disconnect_channel"])
        return sent.message["disconnect_channel"]?.string ?? ""
    }

    /// What has begun takes so long that it is told to the server.
    func passNotice(isFirst: Bool = true) async throws -> FakeLayer.Sent {
        try await self.broker.advance(by: .milliseconds(250))
        if isFirst {
            _ = try await self.layer.nextAside()
            self.layer.happenAside(.started(kept: false))
        }
        return try await self.layer.nextSent()
    }
}
