import SeawayMessage

/// The handle of a listening over the wire.
final class WireListening: Listening {
    let names: [String]
    let receive: @Sendable (Delivery) -> Void
    let event: @Sendable (ListeningEvent) -> Void
    private let layer: WireLayer

    init(
        names: [String], receive: @escaping @Sendable (Delivery) -> Void,
        event: @escaping @Sendable (ListeningEvent) -> Void, layer: WireLayer
    ) {
        self.names = names
        self.receive = receive
        self.event = event
        self.layer = layer
    }

    func ready(_ count: Int) {
        self.layer.onLoop { $0.ready(self, count) }
    }

    func stop(_ done: @escaping @Sendable () -> Void) {
        self.layer.onLoop { $0.stop(self, done) }
    }
}

/// What the layer knows of a listening.
struct ListeningState {
    let handle: WireListening
    /// Credit granted and not used: granted again on the next connection.
    var credit = 0
    /// Credit that the broker has not been told of.
    var untold = 0
    var isListening = false

    /// A single name has a purse of its own; several share the connection's (R1, R2).
    var purse: String? { self.handle.names.count == 1 ? self.handle.names.first : nil }
}
