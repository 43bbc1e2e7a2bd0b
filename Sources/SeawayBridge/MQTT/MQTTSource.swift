#if SEAWAY_MQTT
    package import Logging
    import NIOPosix

    /// Sends what is published on topics of an MQTT broker.
    package final class MQTTSource: BridgeSource {
        private let address: MQTTAddress
        private let topics: [String]
        private let qualityOfService: Int
        private let intake: SourceIntake
        private let logger: Logger
        private let wakeup: Wakeup

        /// - Parameters:
        ///   - topics: with `+` and `#` for any.
        ///   - qualityOfService: 0 to 2; from 1 on a message is acknowledged when the bridge has it.
        package init(
            _ address: MQTTAddress, topics: [String], qualityOfService: Int, intake: SourceIntake, logger: Logger
        ) throws {
            self.address = address
            self.topics = topics
            self.qualityOfService = qualityOfService
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
            var attempts = ServiceAttempts(service: "\(self.address)", logger: self.logger)
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
            let session = MQTTSession { [intake] in _ = intake.putBlocking($1, from: $0) }
            let handle = try MQTTHandle(self.address, session)
            guard try session.connect(handle, self.wakeup) else { return }
            for topic in self.topics {
                try handle.subscribe(topic, qualityOfService: CInt(self.qualityOfService))
            }
            isReady()
            self.logger.info("reading from \(self.address)", metadata: ["topics": "\(self.topics)"])
            while try !handle.turn(self.wakeup) {}
            handle.disconnect()
        }
    }
#endif
