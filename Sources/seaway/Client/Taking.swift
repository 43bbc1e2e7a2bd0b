import SeawayClient
import SeawayMessage
import Synchronization

/// Takes what waits on a channel, broker after broker, says of each message what becomes of it, and waits for nothing.
enum Taking {
    /// What is taken before it is dealt with.
    private static let window = 64

    /// - Parameters:
    ///   - limit: messages in all.
    ///   - each: deals with one; it may go on by what it is told: false ends it, and this one is given back.
    /// - Returns: how many were dealt with.
    static func run(
        of channel: String, limit: Int, as name: String, _ brokers: BrokersOptions,
        _ each: (Delivery, HeldMessage, WireLayer) async throws -> Bool
    ) async throws -> Int {
        var taken = 0
        for address in try brokers.addresses where taken < limit {
            let layer = try Visit.layer(to: address, as: name, brokers)
            let left = limit - taken
            let count = try await Visit.with([layer]) { try await self.take(of: channel, limit: left, layer, each) }
            taken += count
        }
        return taken
    }

    private static func take(
        of channel: String, limit: Int, _ layer: WireLayer,
        _ each: (Delivery, HeldMessage, WireLayer) async throws -> Bool
    ) async throws -> Int {
        let hand = Hand()
        let listening = layer.listen(to: [channel], terms: ListeningTerms(acknowledged: [channel])) { delivery in
            hand.put(delivery)
        } event: { event in
            if case .refused(let refusal) = event { hand.end(refusal) }
        }
        var taken = 0
        var goesOn = true
        while goesOn, taken < limit {
            listening.ready(min(Self.window, limit - taken))
            try await layer.settle()
            if let refusal = hand.refusal { throw ClientError(refusal, name: channel) }
            let deliveries = hand.take()
            for delivery in deliveries {
                guard let held = delivery.held else { continue }
                if goesOn { goesOn = try await each(delivery, held, layer) }
                // At once, and with nothing said against it.
                if !goesOn { try await held.giveBackUnbegun() } else { taken += 1 }
            }
            if deliveries.count < min(Self.window, limit - taken + deliveries.count) { break }
        }
        await withCheckedContinuation { continuation in listening.stop { continuation.resume() } }
        // What came meanwhile.
        for delivery in hand.take() { try await delivery.held?.giveBackUnbegun() }
        return taken
    }

    /// What has come.
    private final class Hand: Sendable {
        private let state = Mutex<(deliveries: [Delivery], refusal: Refusal?)>(([], nil))

        var refusal: Refusal? { self.state.withLock { $0.refusal } }

        func put(_ delivery: Delivery) { self.state.withLock { $0.deliveries.append(delivery) } }

        func end(_ refusal: Refusal) { self.state.withLock { $0.refusal = refusal } }

        func take() -> [Delivery] {
            self.state.withLock { state in
                defer { state.deliveries = [] }
                return state.deliveries
            }
        }
    }
}

extension HeldMessage {
    func conclude(_ verdict: Verdict) async throws(ClientError) {
        switch verdict {
        case .done: try await self.acknowledge()
        case .again(let after): try await self.giveBack(after: after)
        case .unbegun: try await self.giveBackUnbegun()
        case .dead(let reason): try await self.dead(reason)
        case .held: try await self.hold()
        }
    }
}
