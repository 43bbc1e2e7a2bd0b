import SeawayClient
import SeawayConsole
import SeawayMessage

extension BrokerFacts {
    /// What a token is asked for: the right's name, and channels or groups.
    struct Wish {
        let right: String
        let name: String
        let isWanted: Bool
    }

    /// Looks at a broker. Nothing is sent, taken or changed: each right is asked for by a request that does nothing.
    static func look(_ address: String, _ layer: WireLayer, _ wishes: [Wish]) async -> BrokerFacts {
        var facts = BrokerFacts(address)
        layer.start()
        let clock = ContinuousClock()
        do throws(ClientError) {
            // The first request waits for the connection too.
            try await layer.settle()
            let start = clock.now
            try await layer.settle()
            // There and back twice.
            facts.milliseconds = start.duration(to: clock.now) / .milliseconds(1) / 2
            facts.features = await layer.features()
            for wish in wishes {
                let isAllowed = try await self.isAllowed(wish, layer)
                facts.rights.append(.init(wish.right, wish.name, isAllowed: isAllowed, isWanted: wish.isWanted))
            }
            facts.totals = try await self.totals(layer)
        } catch {
            facts.absence = error.sentence
            facts.absenceAdvice = self.advice(error)
        }
        await layer.shutdown()
        return facts
    }

    private static func advice(_ error: ClientError) -> String {
        switch error.refusal?.code ?? "" {
        case "auth": "give --token-file, SEAWAY_TOKEN or a context (seaway help token)"
        case "version": "bring the older of the two up to date"
        default: "see whether it runs and listens there, and what stands between"
        }
    }

    /// - Returns: `nil` when the token may not ask.
    private static func totals(_ layer: WireLayer) async throws(ClientError) -> Message? {
        do throws(ClientError) {
            return try await layer.look(at: .totals)
        } catch {
            guard error.refusal?.code == "denied" else { throw error }
            return nil
        }
    }

    private static func isAllowed(_ wish: Wish, _ layer: WireLayer) async throws(ClientError) -> Bool? {
        do throws(ClientError) {
            switch wish.right {
            case "send": try await self.sendNothing(wish.name, layer)
            // What it stands for nowhere is passed over.
            case "listen": try await layer.acknowledge(["seaway-doctor"], of: wish.name)
            case "join": _ = try await layer.look(at: .members(of: wish.name))
            default: _ = try await layer.look(at: wish.name == "*" ? .totals : .channel(wish.name))
            }
            return true
        } catch {
            switch error.refusal?.code {
            case "denied": return false
            // What was refused by its body had passed the question of rights.
            case "payload": return true
            case nil: throw error
            default: return nil
            }
        }
    }

    /// A body that is no message: the broker takes it in no case.
    private static func sendNothing(_ channel: String, _ layer: WireLayer) async throws(ClientError) {
        let answer = await withCheckedContinuation { continuation in
            layer.send(
                Payload(messagePack: [0xC1]), to: channel, ifHeard: true, stream: nil, bounds: nil, terms: nil
            ) { continuation.resume(returning: $0) }
        }
        try answer.get(for: channel)
    }
}
