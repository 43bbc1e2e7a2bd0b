import BrokerSupport
import SeawayMessage
import Synchronization
import Testing

extension LayerHouse {
    /// A layer that has reached its broker.
    func settledLayer() async throws -> any ChannelLayer {
        let layer = self.layer()
        try await layer.settle()
        return layer
    }

    func advance(by duration: Duration) async throws {
        try await self.broker.advance(by: Int(duration / .milliseconds(1)), inSteps: 50)
    }

    /// What `STATS` says.
    func statistics() async throws -> Message {
        let client = try await self.broker.connect()
        try await client.send("STATS\n")
        let lines = try await client.lines(2)
        await client.close()
        return try Message(json: lines[1])
    }
}

extension ChannelLayer {
    /// Returns when everything has been called back that was on its way: an answer comes behind what was pushed before.
    ///
    /// Twice, since over a wire the credit of a new listening is granted when its own answer has come.
    func settle() async throws {
        for _ in 0..<2 { try await self.leave("nobody", ["nowhere"]) }
    }

    /// What became of a send.
    func answer(to message: Message, _ channel: String, ifHeard: Bool = false) async -> SendAnswer {
        await withCheckedContinuation { continuation in
            self.send(message.payload, to: channel, ifHeard: ifHeard) { continuation.resume(returning: $0) }
        }
    }

    func answer(to message: Message, group: String, except: String? = nil) async -> GroupAnswer {
        await withCheckedContinuation { continuation in
            self.send(message.payload, toGroup: group, except: except) { continuation.resume(returning: $0) }
        }
    }

    func answer(toJoining group: String, _ channels: [String]) async -> SendAnswer {
        await withCheckedContinuation { continuation in
            self.join(group, channels) { continuation.resume(returning: $0) }
        }
    }

    func answer(toLeaving group: String, _ channels: [String]) async -> SendAnswer {
        await withCheckedContinuation { continuation in
            self.leave(group, channels) { continuation.resume(returning: $0) }
        }
    }

    func answer(toWatching group: String, on channel: String) async -> SendAnswer {
        await withCheckedContinuation { continuation in
            self.watch(group, on: channel) { continuation.resume(returning: $0) }
        }
    }

    func answer(toUnwatching group: String, on channel: String) async -> SendAnswer {
        await withCheckedContinuation { continuation in
            self.unwatch(group, on: channel) { continuation.resume(returning: $0) }
        }
    }
}

extension SendAnswer {
    /// The word of a refusal.
    var code: String? {
        if case .refused(let refusal) = self { refusal.code } else { nil }
    }
}

extension GroupAnswer {
    var code: String? {
        if case .refused(let refusal) = self { refusal.code } else { nil }
    }
}

/// What was called back, in order.
final class CallLog: Sendable {
    enum Call: Hashable, Sendable {
        case delivery([String], Message, group: String? = nil)
        case started(kept: Bool)
        case interrupted
        case lost(String)
        case refused(String)
        case stopped
        case answer(SendAnswer)
    }

    private let calls = Mutex<[Call]>([])

    func add(_ call: Call) { self.calls.withLock { $0.append(call) } }

    /// What has come since it was asked last.
    func take() -> [Call] {
        self.calls.withLock { calls in
            defer { calls = [] }
            return calls
        }
    }

    /// Listens, and grants credit.
    func listen(_ layer: any ChannelLayer, _ names: String..., credit: Int = 0) -> any Listening {
        let listening = layer.listen(to: names) { delivery in
            let message = try? Message(delivery.body)
            self.add(.delivery(delivery.channels, message ?? ["malformed": true], group: delivery.group))
        } event: { event in
            switch event {
            case .started(let isKept): self.add(.started(kept: isKept))
            case .interrupted, .weakened: self.add(.interrupted)
            case .forsaken: break
            case .lost(let name): self.add(.lost(name))
            case .refused(let refusal): self.add(.refused(refusal.code))
            }
        }
        if credit > 0 { listening.ready(credit) }
        return listening
    }

    func stop(_ listening: any Listening) { listening.stop { self.add(.stopped) } }
}
