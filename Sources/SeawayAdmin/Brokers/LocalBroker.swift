package import SeawayBroker
package import SeawayMessage

/// The broker of this very process.
package struct LocalBroker: WatchedBroker {
    package let address: String
    private let broker: Broker

    package init(_ broker: Broker, address: String) {
        self.broker = broker
        self.address = address
    }

    package func look(
        at look: Look, limit: Int, after: String?, answer: @escaping @Sendable (LookAnswer) -> Void
    ) {
        self.broker.look(at: look, limit: limit, after: after, answer: answer)
    }

    package func tail(
        _ pattern: String, group: String?, events: @escaping @Sendable ([TailEvent]) -> Void
    ) -> any WatchedTail {
        self.broker.tail([pattern], group: group, events: events)
    }

    package func end(connection id: String, age: Duration, answer: @escaping @Sendable (SendAnswer) -> Void) {
        guard let number = Int(id) else {
            return answer(.refused(Refusal(code: "args", text: "\(id) is no connection")))
        }
        self.broker.end(connection: number, age: Int(age / .milliseconds(1))) { isEnded in
            answer(isEnded ? .done : .refused(Refusal(code: "gone", text: "there is no such connection any more")))
        }
    }

    package func shutdown() async {}
}

extension LocalTail: WatchedTail {}
