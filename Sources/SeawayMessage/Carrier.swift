/// One connection to a broker, by which messages went: what may be lost with it can be told from the rest.
public struct Carrier: Hashable, Sendable {
    /// Which of a layer's brokers, by its place among them.
    public var broker: Int
    /// Which of the layer's connections to that broker, in their order.
    public var connection: Int

    public init(broker: Int = 0, connection: Int = 0) {
        self.broker = broker
        self.connection = connection
    }
}

extension ChannelLayer {
    /// For layers whose connections are not lost.
    public func sendCarried(
        _ body: Payload, to channel: String, ifHeard: Bool, stream: String?,
        answer: @escaping @Sendable (SendAnswer, Carrier) -> Void
    ) {
        self.send(body, to: channel, ifHeard: ifHeard, stream: stream) { answer($0, Carrier()) }
    }
}
