import BrokerSupport
import SeawayBroker
import TestSupport
import Testing

/// `sessions.json` and `delivery.json` on real sockets of each kind, with a clock that is set by hand.
///
/// All but those in which a client stops reading: how much a kernel takes for it is not the vectors' to say.
/// ``ScenarioVectorTests`` runs these too, in memory.
@Suite(.timeLimit(.minutes(3))) struct SocketScenarioTests {
    static func vectors(_ file: String) throws -> [ScenarioVector] {
        try Vectors.load(file, as: ScenarioVector.self).filter { vector in
            !vector.hasStore && !vector.steps.contains { $0.stall != nil }
        }
    }

    @Test(arguments: try Self.vectors("delivery.json"), RunningBroker.Place.allCases)
    func theVectorHoldsOnSockets(vector: ScenarioVector, place: RunningBroker.Place) async throws {
        try await Self.run(vector, at: place)
    }

    @Test(arguments: try Self.vectors("sessions.json"))
    func theVectorHoldsOnASocket(vector: ScenarioVector) async throws {
        try await Self.run(vector, at: .unix)
    }

    private static func run(_ vector: ScenarioVector, at place: RunningBroker.Place) async throws {
        let configuration = try BrokerConfiguration(vector.options ?? [:])
        try await RunningBroker.run(configuration, at: place.free, hasManualTime: true) { broker in
            let run = SocketScenario(broker)
            for (number, step) in vector.steps.enumerated() {
                do {
                    try await run.run(step)
                } catch {
                    Issue.record("\(vector.id) step \(number + 1): \(error) (\(vector.why))")
                    return
                }
            }
            for (name, rest) in try await run.end() {
                Issue.record("\(vector.id): left on \(name): \(rest) (\(vector.why))")
            }
        }
    }

    @Test func nearlyAllVectorsRunHere() throws {
        #expect(try Self.vectors("sessions.json").count + Self.vectors("delivery.json").count >= 280)
    }
}

/// The connections of one vector.
private final class SocketScenario {
    private let broker: RunningBroker
    private var sockets: [String: RawSocket] = [:]
    private var tags = DeliveryTags()
    private var leaving: Task<Void, any Error>?

    init(_ broker: RunningBroker) { self.broker = broker }

    func run(_ step: ScenarioVector.Step) async throws {
        if let milliseconds = step.advance { return try await self.broker.advance(by: milliseconds) }
        if let milliseconds = step.shutdown {
            let broker = self.broker.broker
            self.leaving = Task { try await broker.shutDown(within: milliseconds) }
            return try await self.broker.settle()
        }
        if let lines = step.tokens {
            try await self.broker.broker.replaceTokens(Tokens(parsing: lines.joined(separator: "\n")))
            return try await self.broker.settle()
        }
        let socket = try await self.socket(step.connection)
        // The broker may have closed it already, as it should.
        if let bytes = step.sent { try? await socket.send(self.tags.reveal(bytes)) }
        if step.eof == true { try await socket.finish() }
        if step.drop == true { try await self.drop(step.connection) }
        try await self.broker.settle()
        if let expected = step.expected {
            do {
                // A copy each time, since what has not come whole is to bind nothing.
                let tags = self.tags
                let got = try await socket.all { bytes in
                    var copy = tags
                    return Wildcard.matches(copy.translate(bytes, by: expected), expected)
                }
                _ = self.tags.translate(got, by: expected)
            } catch {
                let got = socket.takeReceived()
                throw Mismatch(
                    expected: String(decoding: expected.prefix(600), as: UTF8.self),
                    got: String(decoding: got.prefix(600), as: UTF8.self))
            }
        }
        if step.closed == true {
            let rest = try await socket.rest()
            guard rest.isEmpty else { throw Mismatch(expected: "", got: String(decoding: rest, as: UTF8.self)) }
        }
        if step.closed == false, socket.hasEnded { throw Mismatch(expected: "an open connection", got: "the end") }
    }

    private func socket(_ name: String) async throws -> RawSocket {
        if let socket = self.sockets[name] { return socket }
        let socket = try await self.broker.connect()
        self.sockets[name] = socket
        return socket
    }

    private func drop(_ name: String) async throws {
        let before = try await self.broker.broker.connections()
        try await self.sockets[name]?.reset()
        while try await self.broker.broker.connections() == before { try await self.broker.settle() }
    }

    /// - Returns: what was left unread, by connection.
    func end() async throws -> [String: String] {
        try await self.broker.settle()
        var left: [String: String] = [:]
        for (name, socket) in self.sockets {
            let rest = socket.takeReceived()
            if !rest.isEmpty { left[name] = String(decoding: rest, as: UTF8.self) }
        }
        // Killing the broker would leave it waiting.
        for socket in self.sockets.values { await socket.close() }
        if let leaving = self.leaving {
            try await self.broker.advance(by: 60_000)
            try await leaving.value
        }
        return left
    }
}

private struct Mismatch: Error, CustomStringConvertible {
    let expected: String
    let got: String
    var description: String { "expected \(self.expected.debugDescription), got \(self.got.debugDescription)" }
}
