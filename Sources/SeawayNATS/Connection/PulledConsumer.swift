/// Messages of one consumer, pulled as there is credit for them; carries out what ``Pulling`` decides.
package final class PulledConsumer {
    package enum Event {
        /// To be acknowledged by the message's reply subject.
        ///
        /// - Parameter isWanted: whether there was credit for it.
        case message(NATSMessage, Delivery, isWanted: Bool)
        /// The consumer is no more: nothing will come.
        case gone
        /// What the server has to say against a pull; it goes on.
        case complaint(String)
    }

    private let client: NATSClient
    private let inbox: String
    private let subject: String
    private let handler: (Event) -> Void
    private var pulling: Pulling
    private var subscription: UInt64?

    init(
        _ client: NATSClient, inbox: String, subject: String, bounds: Pulling.Bounds,
        _ handler: @escaping (Event) -> Void
    ) {
        self.client = client
        self.inbox = inbox
        self.subject = subject
        self.handler = handler
        self.pulling = Pulling(bounds: bounds)
        self.subscription = client.subscribe("\(inbox).*") { [weak self] in self?.take($0) }
    }

    /// How many messages are wanted, beside those that have come.
    package func setCredit(_ credit: Int) {
        if self.subscription != nil { self.carryOut(self.pulling.credit(credit, at: NATSClient.now)) }
    }

    /// Nothing is pulled any more; what still comes is given back.
    package func end() {
        self.client.remove(self)
        if let subscription = self.subscription.take() { self.client.unsubscribe(subscription) }
    }

    func connected(at now: Int) { self.carryOut(self.pulling.connected(at: now)) }
    func lost() { self.pulling.lost() }
    func timePassed(at now: Int) { self.carryOut(self.pulling.timePassed(at: now)) }

    private func take(_ message: NATSMessage) {
        let now = NATSClient.now
        if let status = PullStatus(message) {
            // Of which pull it speaks stands in the subject that it came to; of one that is none of ours nothing
            // follows.
            guard let pull = message.subject.split(separator: ".").last.flatMap({ UInt64($0) }) else { return }
            if case .refused(let words) = status { self.handler(.complaint(words)) }
            self.carryOut(self.pulling.heard(status, of: pull, at: now))
        } else if let reply = message.reply, let delivery = Delivery(reply: reply) {
            let (action, isWanted) = self.pulling.delivered(at: now)
            self.handler(.message(message, delivery, isWanted: isWanted))
            self.carryOut(action)
        }
    }

    private func carryOut(_ action: Pulling.Action) {
        switch action {
        case .nothing: break
        case .pull(let number, let batch):
            do throws(NATSRefusal) {
                try self.client.publish(
                    self.subject, reply: "\(self.inbox).\(number)", self.pulling.payload(batch: batch))
            } catch {
                self.pulling.notSent(at: NATSClient.now)
            }
        case .gone: self.handler(.gone)
        }
    }
}

@available(*, unavailable)
extension PulledConsumer: Sendable {}
