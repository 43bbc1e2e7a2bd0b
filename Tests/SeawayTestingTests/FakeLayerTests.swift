import SeawayMessage
import SeawayTesting
import Testing

/// A layer of which a test says what it does.
@Suite(.timeLimit(.minutes(1))) struct FakeLayerTests {
    @Test func aSendIsAnsweredAsTheTestSays() async throws {
        let answers: [SendAnswer?] = [.done, .refused(Refusal(code: "full")), .unknown, nil]
        let layer = FakeLayer { place, _ in answers[place] }
        try await layer.send(["n": 0], to: "jobs", bounds: MessageBounds(capacity: 3))
        let full = await #expect(throws: ClientError.self) { try await layer.send(["n": 1], to: "jobs") }
        #expect(full?.code == .full)
        let unknown = await #expect(throws: ClientError.self) { try await layer.send(["n": 2], toGroup: "room") }
        #expect(unknown?.code == .unknown)
        async let late: Void = layer.send(["n": 3], to: "jobs", ifHeard: true)
        for place in 0..<4 { #expect(try await layer.nextSent().message == ["n": .int(Int64(place))]) }
        layer.answerHeld(.done)
        try await late
        #expect(layer.sent.map(\.channel) == ["jobs", "jobs", "room", "jobs"])
        #expect(layer.taken.compactMap { $0.message["n"] } == [0, 3])
        #expect(layer.sent[0].bounds?.capacities.first?.messages == 3 && layer.sent[3].ifHeard)
    }

    @Test func whatIsDeliveredAndWhatHappensComesToTheReader() async throws {
        let layer = FakeLayer(opening: nil)
        let (deliveries, delivered) = AsyncStream.makeStream(of: Delivery.self)
        let (events, happened) = AsyncStream.makeStream(of: ListeningEvent.self)
        let listening = layer.listen(to: ["jobs", "mail!"]) {
            delivered.yield($0)
        } event: {
            happened.yield($0)
        }
        listening.ready(5)
        #expect(try await layer.nextCredit() == 5 && layer.names == ["jobs", "mail!"])
        for event in [ListeningEvent.started(kept: false), .interrupted, .started(kept: true)] {
            layer.happen(event)
            #expect(await events.first { _ in true } == event)
        }
        layer.deliver(["id": 7], to: "mail!3", group: "room")
        let delivery = await deliveries.first { _ in true }
        #expect(delivery?.channels == ["mail!3"] && delivery?.group == "room")
        layer.pause("mail!3")
        layer.close(["mail!3"])
        #expect(layer.paused == ["mail!3"] && layer.closed == ["mail!3"])
        listening.stop {}
        try await layer.stopping()
    }

    @Test func whoWaitsForWhatDoesNotComeCanBeCancelled() async throws {
        let layer = FakeLayer()
        let waiting = Task { try await layer.nextSent() }
        waiting.cancel()
        await #expect(throws: CancellationError.self) { try await waiting.value }
    }
}
