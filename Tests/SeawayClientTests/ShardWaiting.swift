import SeawayClient
import SeawayMessage

/// What tests of several brokers wait for.
extension ShardHouse {
    func waitForReader(of channel: String) async throws {
        for broker in 0..<3 {
            try await self.wait { try await self.ask(broker, "PEEK \(channel)").contains(#""readers":1"#) }
        }
    }

    /// Sends to a mailbox, again as long as no broker is in reach: nothing was sent then.
    static func send(_ number: Int64, over layer: ShardedLayer) async throws(ClientError) {
        while true {
            do throws(ClientError) {
                return try await layer.send(["n": .int(number)], to: "x!1")
            } catch {
                guard error.code == .unreachable, !Task.isCancelled else { throw error }
            }
        }
    }

    /// Without any broker's help.
    static func wait(until isTrue: () -> Bool) async throws {
        while !isTrue() {
            try Task.checkCancellation()
            await Task.yield()
        }
    }
}
