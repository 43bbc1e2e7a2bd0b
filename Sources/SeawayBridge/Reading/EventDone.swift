import SeawayMessage

/// What is said to the interface server when an event of a WebSocket is dealt with that it waits for (INTERFACE.md,
/// W16).
struct EventDone: Hashable, Sendable {
    let destination: Destination
    let payload: Payload

    /// nil when nobody waits.
    init?(of event: Payload) {
        guard event["serial"] == .bool(true), let channel = event["control_channel"]?.string,
            let order = event["order"]?.int
        else { return nil }
        self.destination = .channel(channel)
        self.payload = Message([("done", .int(order))]).payload
    }
}
