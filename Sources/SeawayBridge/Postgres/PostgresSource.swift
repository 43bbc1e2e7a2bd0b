#if SEAWAY_POSTGRES
    package import Logging
    import NIOPosix
    import SeawayWire

    /// Sends what PostgreSQL notifies of.
    package final class PostgresSource: BridgeSource {
        /// Silence after which the server is asked for a sign of life.
        private static let heartbeat: CInt = 20_000

        private let target: String
        private let channels: [String]
        private let intake: SourceIntake
        private let logger: Logger
        private let wakeup: Wakeup

        /// - Parameters:
        ///   - target: a connection string or URI, as libpq reads it.
        ///   - channels: of `NOTIFY`, exactly as they are named there.
        package init(target: String, channels: [String], intake: SourceIntake, logger: Logger) throws {
            self.target = target
            self.channels = channels
            self.intake = intake
            self.logger = logger
            self.wakeup = try Wakeup()
        }

        package func stop() {
            self.wakeup.wake()
            // Frees a thread that waits for room.
            self.intake.pump.close()
        }

        package func run() async throws {
            try await withTaskCancellationHandler {
                try await NIOThreadPool.singleton.runIfActive { self.work() }
            } onCancel: {
                self.stop()
            }
        }

        private func work() {
            var attempts = ServiceAttempts(service: "postgres", logger: self.logger)
            while !self.wakeup.isWoken {
                do {
                    try self.read { attempts.succeeded() }
                } catch {
                    guard !self.wakeup.isWoken else { return }
                    _ = self.wakeup.wait(for: nil, milliseconds: attempts.failed("\(error)"))
                }
            }
        }

        private func read(_ isReady: () -> Void) throws {
            let connection = try PostgresConnection(self.target)
            for channel in self.channels { try connection.listen(to: channel) }
            isReady()
            self.logger.info("reading from postgres", metadata: ["channels": "\(self.channels)"])
            while true {
                switch self.wakeup.wait(for: connection.descriptor, milliseconds: Self.heartbeat) {
                case .woken: return
                case .timedOut: try connection.check()
                case .readable: break
                }
                for notification in try connection.notifications() {
                    guard self.intake.putBlocking(notification.payload, from: notification.channel) else { return }
                }
            }
        }
    }
#endif
