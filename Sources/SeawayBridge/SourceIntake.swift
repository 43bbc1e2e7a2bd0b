import SeawayMessage

/// What becomes of a message from a source with topics: a name and a payload, or a drop.
package struct SourceIntake: Sendable {
    private let rule: DestinationRule
    private let payload: BridgePayload
    let pump: Pump

    package init(to rule: DestinationRule, format: BridgePayload.Format, pump: Pump) {
        self.rule = rule
        self.payload = BridgePayload(format)
        self.pump = pump
    }

    /// - Returns: whether more is wanted.
    func put(_ data: [UInt8], from source: [UInt8]) async -> Bool {
        guard let (payload, destination) = self.message(self.payload.payload(data, from: source), source) else {
            return true
        }
        return await self.pump.put(payload, to: destination)
    }

    /// An entry of a stream, with names and values in turn.
    func put(stream: String, id: [UInt8], fields: [[UInt8]]) async -> Bool {
        let payload = self.payload.payload(stream: stream, id: id, fields: fields)
        guard let (payload, destination) = self.message(payload, Array(stream.utf8)) else { return true }
        return await self.pump.put(payload, to: destination)
    }

    /// The same for threads of C libraries.
    func putBlocking(_ data: [UInt8], from source: [UInt8]) -> Bool {
        guard let (payload, destination) = self.message(self.payload.payload(data, from: source), source) else {
            return true
        }
        return self.pump.putBlocking(payload, to: destination)
    }

    private func message(_ payload: Payload?, _ source: [UInt8]) -> (Payload, Destination)? {
        guard let payload else {
            self.pump.tally.drop(.payload, String(decoding: source, as: UTF8.self))
            return nil
        }
        do {
            return (payload, try self.rule.destination(for: source))
        } catch {
            self.pump.tally.drop(.name, "\(String(decoding: source, as: UTF8.self)): \(error)")
            return nil
        }
    }
}
