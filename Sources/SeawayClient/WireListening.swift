import NIOConcurrencyHelpers
import SeawayMessage
import SeawayWire

/// The handle of a listening over the wire.
final class WireListening: Listening {
    let names: [String]
    let terms: ListeningTerms
    let receive: @Sendable (Delivery) -> Void
    let event: @Sendable (ListeningEvent) -> Void
    let layer: WireLayer
    private let stopping = NIOLockedValueBox<[@Sendable () -> Void]>([])

    init(
        names: [String], terms: ListeningTerms, receive: @escaping @Sendable (Delivery) -> Void,
        event: @escaping @Sendable (ListeningEvent) -> Void, layer: WireLayer
    ) {
        self.names = names
        self.terms = terms
        self.receive = receive
        self.event = event
        self.layer = layer
    }

    func ready(_ count: Int) {
        self.layer.onLoop { $0.ready(self, count) }
    }

    /// Takes back the credit that was not used; what is on its way still comes.
    func withdraw() {
        self.layer.onLoop { $0.withdraw(self) }
    }

    func stop(_ done: @escaping @Sendable () -> Void) {
        self.stopping.withLockedValue { $0.append(done) }
        self.layer.onLoop { $0.stop(self) }
    }

    /// Nothing more will be delivered: tells those who have asked for that.
    func stopped() {
        let stopping = self.stopping.withLockedValue { stopping in
            defer { stopping = [] }
            return stopping
        }
        for done in stopping { done() }
    }
}

extension WireCore {
    /// Why it cannot be listened on at all.
    func fault(_ listening: WireListening) -> Refusal? {
        guard !listening.names.isEmpty else { return Refusal(code: "args", text: "no names to listen on") }
        if let fault = listening.names.lazy.compactMap({ WireRequest.fault($0) }).first { return fault }
        guard !self.link.isOver else { return self.whyOver }
        return switch self.listenings.begin(listening, listening.names) {
        case nil: nil
        case .taken(let name): Refusal(code: "limit", text: "\(name) is listened on already")
        case .secondShared: Refusal(code: "limit", text: "one listening on several names for each layer")
        }
    }
}
