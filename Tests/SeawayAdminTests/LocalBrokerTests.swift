import BrokerSupport
import NIOCore
import SeawayAdmin
import SeawayBroker
import SeawayMessage
import Synchronization
import Testing

@Suite("The broker of this very process", .timeLimit(.minutes(1))) struct LocalBrokerTests {
    private func look(_ broker: Broker, at look: Look, limit: Int = 10) async -> LookAnswer {
        await withCheckedContinuation { continuation in
            LocalBroker(broker, address: "here").look(at: look, limit: limit, after: nil) {
                continuation.resume(returning: $0)
            }
        }
    }

    private func map(_ answer: LookAnswer) throws -> Message {
        guard case .data(let json) = answer else {
            Issue.record("\(answer)")
            return [:]
        }
        return try Message(json: String(decoding: json, as: UTF8.self))
    }

    @Test func itIsLookedAtWithoutAConnection() async throws {
        try await RunningBroker.run { running in
            let layer = running.broker.makeLayer(clientName: "test")
            await withCheckedContinuation { continuation in
                layer.send(Payload(["n": 1]), to: "jobs", ifHeard: false) { _ in continuation.resume() }
            }
            let totals = try self.map(await self.look(running.broker, at: .totals))
            #expect(totals["messages"] == 1 && totals["connections"] == 0)
            let waiting = try self.map(await self.look(running.broker, at: .channel("jobs")))
            #expect(waiting["head"]?.list?.first?["message"] == ["n": 1])
            let refused = await self.look(running.broker, at: .channel("no name"))
            guard case .refused(let refusal) = refused else {
                Issue.record("\(refused)")
                return
            }
            #expect(refusal.code == "name")
        }
    }

    @Test func whoLooksOnGetsNoMoreThanIsTaken() async throws {
        try await RunningBroker.run { running in
            let (events, happen) = AsyncStream.makeStream(of: TailEvent.self)
            let tail = LocalBroker(running.broker, address: "here").tail("jobs", group: nil) { events in
                for event in events { happen.yield(event) }
            }
            var iterator = events.makeAsyncIterator()
            guard case .started? = await iterator.next() else {
                Issue.record("it does not look on")
                return
            }
            let layer = running.broker.makeLayer(clientName: "test")
            let body = Payload(["text": .string(String(repeating: "x", count: 100_000))])
            for _ in 0..<10 {
                await withCheckedContinuation { continuation in
                    layer.send(body, to: "jobs", ifHeard: false) { _ in continuation.resume() }
                }
            }
            // Two are as many as there is room for; the rest is told of when those are taken.
            for _ in 0..<2 {
                guard case .copy(let copy)? = await iterator.next() else {
                    Issue.record("a copy is missing")
                    return
                }
                #expect(copy.channels == ["jobs"] && copy.body == body)
                tail.took(copy.body.count)
            }
            guard case .missed(8)? = await iterator.next() else {
                Issue.record("nobody says what is missing")
                return
            }
            tail.stop()
            let totals = try self.map(await self.look(running.broker, at: .totals))
            #expect(totals["tails"] == 0 && totals["copied"] == 2 && totals["missed"] == 8)
        }
    }
}
