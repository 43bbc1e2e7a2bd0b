package import Logging
package import SeawayMessage

/// Notifies a channel of PostgreSQL of messages, one after the other.
package final class PostgresNotifier: Sendable {
    /// `NOTIFY` takes less than 8,000 bytes.
    private static let longest = 7_999

    private let writer: ThreadWriter<PostgresTarget>
    private let tally: BridgeTally

    package init(_ address: PostgresAddress, channel: String, tally: BridgeTally, logger: Logger) throws {
        self.tally = tally
        self.writer = try ThreadWriter(
            PostgresTarget(address: address, channel: channel), tally: tally, logger: logger)
    }

    /// Returns when PostgreSQL has taken it, or it is lost: too long, or the connection broke before the answer.
    package func notify(_ payload: Payload) async {
        let text = payload.json
        guard text.count <= Self.longest else {
            return self.tally.drop(
                .size, "a message of \(text.count) bytes in JSON; NOTIFY takes at most \(Self.longest)")
        }
        await self.writer.write(text)
    }
}

struct PostgresTarget: ThreadTarget {
    /// A connection that was used within this time is taken for alive when nothing says otherwise.
    private static let fresh = Duration.seconds(1)

    let service = "postgres"
    let address: PostgresAddress
    let channel: String

    func connect(_ wakeup: Wakeup, attempt: Int) throws -> PostgresConnection {
        try PostgresConnection(self.address, attempt: attempt, wakeup)
    }

    func check(_ connection: PostgresConnection, silence: Duration, _ wakeup: Wakeup) throws {
        // Finds the end of a connection that was told.
        _ = try connection.notifications()
        // And one that was not: what is asked here costs a round trip, and spares a message.
        if silence > Self.fresh { try connection.check() }
    }

    func write(_ text: [UInt8], to connection: PostgresConnection, _ wakeup: Wakeup) throws {
        do {
            try connection.notify(self.channel, text)
        } catch let fault as PostgresConnection.Fault {
            guard let state = fault.state else { throw WriteFault.unknown(fault.description) }
            throw PostgresRefusal.passes(state)
                ? WriteFault.passing(fault.description) : WriteFault.final(fault.description)
        }
    }
}
