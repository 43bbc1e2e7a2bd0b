import DequeModule
import NIOConcurrencyHelpers
import SeawayMessage
import SeawayWire

/// The handle of a listening at several brokers.
final class ShardedListening: Listening {
    let names: [String]
    let terms: ListeningTerms
    let receive: @Sendable (Delivery) -> Void
    let event: @Sendable (ListeningEvent) -> Void
    private let layer: ShardedLayer
    private let stopping = NIOLockedValueBox<[@Sendable () -> Void]>([])

    init(
        names: [String], terms: ListeningTerms, receive: @escaping @Sendable (Delivery) -> Void,
        event: @escaping @Sendable (ListeningEvent) -> Void, layer: ShardedLayer
    ) {
        self.names = names
        self.terms = terms
        self.receive = receive
        self.event = event
        self.layer = layer
    }

    func ready(_ count: Int) { self.layer.onLoop { $0.ready(self, count) } }

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

/// What a listening is doing at each of the brokers. Lives on the layer's loop.
final class ShardedReading {
    let handle: ShardedListening
    /// By broker.
    private var parts: [any Listening] = []
    private var credit: ShardCredit
    /// Brokers that have answered `LISTEN`.
    private var listening = ShardSet()
    private var refused = ShardSet()
    private var unstopped = 0
    private(set) var isEnding = false
    /// What came beyond the credit: a few for each broker.
    private var heldBack: Deque<Delivery> = []

    init(_ handle: ShardedListening, count: Int) {
        self.handle = handle
        self.credit = ShardCredit(count: count)
    }

    var mailboxes: [String] { self.handle.names.filter { $0.hasSuffix("!") } }

    // MARK: Beginning and ending

    /// - Parameter parts: by broker.
    func begin(_ parts: [any Listening]) { self.parts = parts }

    /// - Returns: whether it is the first.
    func started(at broker: Int) -> Bool {
        let isFirst = self.listening.isEmpty
        self.listening.insert(broker)
        self.credit.came(broker)
        self.balance()
        return isFirst
    }

    func isListening(at broker: Int) -> Bool { self.listening.contains(broker) }

    /// - Returns: whether it was the last.
    func interrupted(at broker: Int) -> Bool {
        guard self.listening.contains(broker) else { return false }
        self.listening.remove(broker)
        self.credit.went(broker)
        (self.parts[broker] as? WireListening)?.withdraw()
        self.balance()
        return self.listening.isEmpty
    }

    /// - Returns: whether no broker is left that may take it.
    func refused(at broker: Int) -> Bool {
        self.refused.insert(broker)
        return self.refused.count == self.parts.count
    }

    /// Stops at every broker.
    ///
    /// - Parameter done: called when all of them have, or at once if there is none.
    func stop(_ bound: @escaping @Sendable () -> Void) {
        self.isEnding = true
        self.unstopped = self.parts.count
        for part in self.parts { part.stop(bound) }
    }

    /// One broker has.
    ///
    /// - Returns: whether all have.
    func stoppedAtOne() -> Bool {
        self.unstopped -= 1
        guard self.unstopped == 0 else { return false }
        // They have come, and nobody else can have them any more.
        while let delivery = self.heldBack.popFirst() { self.handle.receive(delivery) }
        return true
    }

    // MARK: Deliveries

    func deliver(_ delivery: Delivery, from broker: Int) {
        self.credit.arrived(from: broker)
        self.heldBack.append(delivery)
        self.handOver()
    }

    func ready(_ count: Int) {
        guard !self.isEnding else { return }
        self.credit.grant(count)
        self.handOver()
    }

    private func handOver() {
        while !self.heldBack.isEmpty, self.isEnding || self.credit.use() {
            guard let delivery = self.heldBack.popFirst() else { break }
            self.handle.receive(delivery)
        }
        self.balance()
    }

    private func balance() {
        guard !self.isEnding else { return }
        for change in self.credit.balance() {
            switch change {
            case .grant(let count, let broker): self.parts[broker].ready(count)
            case .withdraw(let broker): (self.parts[broker] as? WireListening)?.withdraw()
            }
        }
    }
}
