import SeawayWire

/// Takes messages that are due out of the stream of those for later, and puts each on its channel, once.
///
/// A stream that can deliver later cannot refuse what is too much, so that the two are not one.
final class LaterMover {
    private unowned let store: JetStreamStore
    private let pattern: Int
    private let stream: String
    private var machine = ChannelFeed()
    private var consumer: PulledConsumer?

    /// How many are under way at once.
    private static let credit = 128
    /// Milliseconds after which what had no room is tried again.
    private static let retry = 500
    static let name = "mover"

    /// - Parameter pattern: the number of the durable pattern.
    init(_ store: JetStreamStore, _ pattern: Int) {
        self.store = store
        self.pattern = pattern
        self.stream = DurableName.laterStream(of: store.configuration.durables[pattern].pattern)
    }

    func start() { self.carryOut(self.machine.setDemand(Self.credit)) }

    func timePassed(at now: Int) { self.carryOut(self.machine.timePassed(at: now)) }

    func end() { self.consumer.take()?.end() }

    private func carryOut(_ action: ChannelFeed.Action) {
        switch action {
        case .nothing: break
        case .make:
            let configuration = self.store.configuration
            let wanted = configuration.consumer(Self.name, filter: LaterSubject.allDue(in: self.stream))
            self.store.client.makeConsumer(
                wanted, of: self.stream, patience: 2 * configuration.patience
            ) { [weak self] words in
                guard let self else { return }
                guard words == nil else { return self.machine.failed(at: NATSClient.now) }
                self.carryOut(self.machine.made())
            }
        case .pull(let credit):
            if self.consumer == nil {
                self.consumer = self.store.client.pull(from: Self.name, of: self.stream) { [weak self] in
                    self?.take($0)
                }
            }
            self.consumer?.setCredit(credit)
        }
    }

    private func take(_ event: PulledConsumer.Event) {
        switch event {
        case .message(let message, let delivery, _):
            self.move(message, delivery)
            self.consumer?.setCredit(Self.credit)
        case .gone:
            self.end()
            self.machine.failed(at: NATSClient.now)
        case .complaint: break
        }
    }

    private func move(_ message: NATSMessage, _ delivery: Delivery) {
        guard let reply = message.reply else { return }
        let client = self.store.client
        guard let channel = LaterSubject.channel(of: message.subject, in: self.stream),
            let place = self.store.place(of: channel)
        else {
            // Nobody here knows where it belongs.
            try? client.acknowledge(reply, .never)
            return
        }
        let key = HeldKey(laterOf: self.pattern, sequence: UInt64(clamping: delivery.sequence))
        // It stands on its channel, and the engine has not heard of it yet.
        if let number = self.store.settled[key] { return self.store.settleAgain(number, reply: reply) }
        let headers = StoredHeaders.moved(
            message.headers, to: place.stream, id: "in:\(self.stream):\(delivery.sequence)")
        client.store(
            message.payload, at: place.subject, headers: headers, patience: self.store.configuration.patience
        ) { outcome in
            switch outcome {
            // Its key has it moved once, but servers that are restarted forget the keys of what is over: until the
            // engine has heard it, it is told again.
            case .stored: self.store.settleMoved(key, place, reply: reply)
            case .refused, .tooLarge: try? client.acknowledge(reply, .never)
            case .full, .notStored, .unknown, .refusedByOne:
                try? client.acknowledge(reply, .again(after: Self.retry))
            }
        }
    }
}
