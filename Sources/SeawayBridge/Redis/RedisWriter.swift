package import Logging
package import NIOCore
package import SeawayMessage
import SeawayWire

/// Gives messages to Redis, one after the other, over a connection that is made again when it was lost.
package actor RedisWriter {
    /// Where they go.
    package enum Destination: Sendable {
        /// `PUBLISH`: to whoever listens just then.
        case channel(String)
        /// `XADD`, as the field `message` of an entry; about so many entries are kept.
        case stream(String, kept: Int)

        fileprivate func command(_ payload: Payload) -> [[UInt8]] {
            switch self {
            case .channel(let name): [Array("PUBLISH".utf8), Array(name.utf8), payload.json]
            case .stream(let name, let kept):
                ["XADD", name, "MAXLEN", "~", "\(kept)", "*", "message"].map { Array($0.utf8) } + [payload.json]
            }
        }
    }

    private let address: RedisAddress
    private let destination: Destination
    private let eventLoop: any EventLoop
    private let tally: BridgeTally
    private let logger: Logger
    private var connection: RedisConnection?

    package init(
        _ address: RedisAddress, to destination: Destination, eventLoop: any EventLoop, tally: BridgeTally,
        logger: Logger
    ) {
        self.address = address
        self.destination = destination
        self.eventLoop = eventLoop
        self.tally = tally
        self.logger = logger
    }

    /// Returns when Redis has taken it, or it is lost: because the connection broke before the answer, or the task was cancelled.
    package func write(_ payload: Payload) async {
        guard let connection = await self.connected() else { return self.tally.drop(.shutdown, "\(self.address)") }
        do {
            try await connection.ask(self.destination.command(payload))
            self.tally.count { $0.handedOn += 1 }
        } catch {
            connection.close()
            self.connection = nil
            self.tally.drop(.service, "\(error)")
        }
    }

    /// - Returns: nil when the task was cancelled.
    private func connected() async -> RedisConnection? {
        if let connection = self.connection, connection.isOpen { return connection }
        var backoff = ClientBackoff(first: .milliseconds(50), most: .seconds(5))
        var isAway = false
        while !Task.isCancelled {
            do {
                let connection = try await RedisConnection.open(self.address, self.eventLoop)
                self.connection = connection
                return connection
            } catch {
                if !isAway {
                    self.logger.warning(
                        "\(self.address) is away; trying again and again", metadata: ["reason": "\(error)"])
                }
                isAway = true
                try? await Task.sleep(for: backoff.next(jitter: .random(in: 0...1)))
            }
        }
        return nil
    }
}
