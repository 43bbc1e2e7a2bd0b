package import Logging
package import SeawayMessage

/// Publishes messages on a topic of an MQTT broker, one after the other.
package final class MQTTPublisher: Sendable {
    private let writer: ThreadWriter<MQTTTarget>

    package init(
        _ address: MQTTAddress, topic: String, qualityOfService: Int, tally: BridgeTally, logger: Logger
    ) throws {
        let target = MQTTTarget(address: address, topic: topic, qualityOfService: qualityOfService)
        self.writer = try ThreadWriter(target, tally: tally, logger: logger)
    }

    /// Returns when the MQTT broker has it (with quality 0: when it has left), or it is lost, because the connection
    /// broke.
    package func publish(_ payload: Payload) async { await self.writer.write(payload.json) }
}

struct MQTTTarget: ThreadTarget {
    let address: MQTTAddress
    let topic: String
    let qualityOfService: Int

    var service: String { self.address.description }

    func connect(_ wakeup: Wakeup, attempt: Int) throws -> MQTTSession { try MQTTSession(self.address, wakeup) }

    func check(_ connection: MQTTSession, silence: Duration, _ wakeup: Wakeup) throws {
        try connection.lookAround()
    }

    func write(_ text: [UInt8], to connection: MQTTSession, _ wakeup: Wakeup) throws {
        do {
            try connection.publish(text, to: self.topic, qualityOfService: self.qualityOfService)
        } catch let fault as MQTTHandle.Fault where fault.isFinal {
            throw WriteFault.final(fault.description)
        }
    }
}
