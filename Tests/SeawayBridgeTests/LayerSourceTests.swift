import Logging
import SeawayBridge
import SeawayMessage
import SeawayTesting
import TestSupport
import Testing

@Suite(.timeLimit(.minutes(1))) struct LayerSourceTests {
    private let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }

    @Test(arguments: [ReadingPoint.channel("jobs"), .group("news")])
    func everythingIsHandedOnInOrder(_ point: ReadingPoint) async throws {
        let broker = try await TestBroker()
        let inbox = Inbox<Int64>()
        let source = LayerSource(broker.layer, point, logger: self.logger) { delivery in
            inbox.put(delivery.body["n"]?.int ?? -1)
        }
        async let running: Void = source.run()
        let sender = broker.makeLayer()
        switch point {
        case .channel(let name): for number in 0..<50 { try await sender.send(["n": .int(Int64(number))], to: name) }
        case .group(let name):
            while try await broker.members(of: name).isEmpty { await Task.yield() }
            for number in 0..<50 { try await sender.send(["n": .int(Int64(number))], toGroup: name) }
        }
        for number in 0..<50 { #expect(await inbox.next() == Int64(number)) }
        source.stop()
        try await running
    }

    @Test func whatWaitsStaysAtTheBroker() async throws {
        let broker = try await TestBroker()
        let started = Inbox<Void>()
        let gates = [Inbox<Void>(), Inbox<Void>()]
        let source = LayerSource(broker.layer, .channel("jobs"), concurrency: 2, logger: self.logger) { delivery in
            started.put(())
            await gates[delivery.body["n"] == 0 ? 0 : 1].next()
        }
        for number in 0..<5 { try await broker.makeLayer().send(["n": .int(Int64(number))], to: "jobs") }
        async let running: Void = source.run()
        await started.next()
        await started.next()
        #expect(try await broker.waiting(on: "jobs").count == 3)
        source.stop()
        for gate in gates { gate.put(()) }
        try await running
    }

    @Test func aRefusedListeningEndsIt() async {
        let layer = FakeLayer(opening: .refused(Refusal(code: "denied", text: "not here")))
        let source = LayerSource(layer, .channel("jobs"), logger: self.logger) { _ in }
        await #expect(throws: LayerSource.Ended.self) { try await source.run() }
    }

    @Test func onesThatWereStoppedBeforeDoNotBegin() async throws {
        let broker = try await TestBroker()
        let source = LayerSource(broker.layer, .channel("jobs"), logger: self.logger) { _ in }
        source.stop()
        try await source.run()
    }
}
