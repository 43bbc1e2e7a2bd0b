#if SEAWAY_MQTT
    package import Logging
    import NIOPosix
    package import SeawayMessage
    import Synchronization

    /// Publishes messages on a topic of an MQTT broker, one after the other.
    package final class MQTTPublisher: Sendable {
        /// Handed from one thread to the next, never used by two at once.
        private struct Slot: @unchecked Sendable {
            var handle: MQTTHandle?
            var session = MQTTSession()
        }

        private let address: MQTTAddress
        private let topic: String
        private let qualityOfService: Int
        private let tally: BridgeTally
        private let logger: Logger
        private let slot = Mutex(Slot())
        private let wakeup: Wakeup

        package init(
            _ address: MQTTAddress, topic: String, qualityOfService: Int, tally: BridgeTally, logger: Logger
        ) throws {
            self.address = address
            self.topic = topic
            self.qualityOfService = qualityOfService
            self.tally = tally
            self.logger = logger
            self.wakeup = try Wakeup()
        }

        /// Returns when the MQTT broker has it (with quality 0: when it has left), or it is lost, because the connection broke.
        package func publish(_ payload: Payload) async {
            let text = payload.json
            await withTaskCancellationHandler {
                // Only a pool that has ended throws.
                try? await NIOThreadPool.singleton.runIfActive { self.slot.withLock { self.publish(text, &$0) } }
            } onCancel: {
                self.wakeup.wake()
            }
        }

        private func publish(_ text: [UInt8], _ slot: inout Slot) {
            guard let handle = self.connected(&slot) else { return self.tally.drop(.shutdown, "\(self.address)") }
            do {
                let quality = CInt(self.qualityOfService)
                let id = try handle.publish(text, to: self.topic, qualityOfService: quality)
                guard try slot.session.finish(id, handle, self.wakeup) else {
                    return self.tally.drop(.shutdown, "\(self.address)")
                }
                self.tally.count { $0.handedOn += 1 }
            } catch {
                slot.handle = nil
                self.tally.drop(.service, "\(error)")
            }
        }

        /// - Returns: nil when there is no time left.
        private func connected(_ slot: inout Slot) -> MQTTHandle? {
            if let handle = slot.handle, self.isAlive(handle) { return handle }
            var attempts = ServiceAttempts(service: "\(self.address)", logger: self.logger)
            while !self.wakeup.isWoken {
                do {
                    let session = MQTTSession()
                    let handle = try MQTTHandle(self.address, session)
                    guard try session.connect(handle, self.wakeup) else { return nil }
                    slot = Slot(handle: handle, session: session)
                    return handle
                } catch {
                    _ = self.wakeup.wait(for: nil, milliseconds: attempts.failed("\(error)"))
                }
            }
            return nil
        }

        /// Deals with what has come since the last message, such as the end of the connection.
        private func isAlive(_ handle: MQTTHandle) -> Bool { (try? handle.turn(self.wakeup, milliseconds: 0)) != nil }
    }
#endif
