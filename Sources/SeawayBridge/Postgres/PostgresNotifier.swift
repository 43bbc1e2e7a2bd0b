#if SEAWAY_POSTGRES
    package import Logging
    import NIOPosix
    package import SeawayMessage
    import SeawayWire
    import Synchronization

    /// Notifies a channel of PostgreSQL of messages, one after the other.
    package final class PostgresNotifier: Sendable {
        /// `NOTIFY` takes less than 8,000 bytes.
        private static let maxPayload = 7_999

        /// Handed from one thread to the next, never used by two at once.
        private struct Slot: @unchecked Sendable { var connection: PostgresConnection? }

        private let target: String
        private let channel: String
        private let tally: BridgeTally
        private let logger: Logger
        private let slot = Mutex(Slot())
        private let wakeup: Wakeup

        package init(target: String, channel: String, tally: BridgeTally, logger: Logger) throws {
            self.target = target
            self.channel = channel
            self.tally = tally
            self.logger = logger
            self.wakeup = try Wakeup()
        }

        /// Returns when PostgreSQL has taken it, or it is lost: too long, or the connection broke before the answer.
        package func notify(_ payload: Payload) async {
            let text = payload.json
            guard text.count <= Self.maxPayload else {
                return self.tally.drop(.size, "\(text.count) bytes; NOTIFY takes \(Self.maxPayload)")
            }
            await withTaskCancellationHandler {
                // Only a pool that has ended throws.
                try? await NIOThreadPool.singleton.runIfActive { self.slot.withLock { self.notify(text, &$0) } }
            } onCancel: {
                self.wakeup.wake()
            }
        }

        private func notify(_ text: [UInt8], _ slot: inout Slot) {
            guard let connection = self.connected(&slot) else { return self.tally.drop(.shutdown, "postgres") }
            do {
                try connection.notify(self.channel, text)
                self.tally.count { $0.handedOn += 1 }
            } catch {
                if !connection.isOpen { slot.connection = nil }
                self.tally.drop(.service, "\(error)")
            }
        }

        /// - Returns: nil when there is no time left.
        private func connected(_ slot: inout Slot) -> PostgresConnection? {
            if let connection = slot.connection, self.isAlive(connection) { return connection }
            var attempts = ServiceAttempts(service: "postgres", logger: self.logger)
            while !self.wakeup.isWoken {
                do {
                    slot.connection = try PostgresConnection(self.target)
                    return slot.connection
                } catch {
                    _ = self.wakeup.wait(for: nil, milliseconds: attempts.failed("\(error)"))
                }
            }
            return nil
        }

        /// Asking costs a round trip, and spares a message when the server was started again.
        private func isAlive(_ connection: PostgresConnection) -> Bool { (try? connection.check()) != nil }
    }
#endif
