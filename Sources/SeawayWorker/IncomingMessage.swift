public import SeawayMessage

/// One message as a consumer gets it: what it says, where it came in, and the layer to answer on.
public struct IncomingMessage: Sendable {
    /// The channel that it was sent to.
    public let channel: String
    /// The group through which it came.
    public let group: String?
    /// As it came, in MessagePack.
    public let payload: Payload
    public let layer: any ChannelLayer
    /// What the route's pattern has named: `/chat/{room}`; `*` for the tail of `/files/*`.
    public internal(set) var parameters: [String: String] = [:]

    let envelope: Envelope

    init(_ payload: Payload, channel: String, group: String?, layer: any ChannelLayer) {
        self.channel = channel
        self.group = group
        self.payload = payload
        self.layer = layer
        self.envelope = Envelope(payload)
    }

    /// Where its sender waits for an answer.
    public var replyChannel: String? { self.envelope.replyChannel }

    /// One field, without decoding the others.
    public subscript(key: String) -> Value? { self.payload[key] }

    /// All fields.
    public func message() throws(MessageError) -> Message { try Message(self.payload) }

    /// Sends a message to the reply channel.
    ///
    /// - Throws: `WorkerError` without a reply channel, `ClientError` with `gone` when nobody waits any more, and as any send does.
    public func reply(_ answer: Message) async throws { try await self.reply(answer.payload) }

    /// Sends an encoded message to the reply channel; throws as ``reply(_:)-(Message)`` does.
    public func reply(_ answer: Payload) async throws {
        guard let replyChannel = self.replyChannel else { throw WorkerError(.noReplyChannel, name: self.channel) }
        try await self.layer.send(answer, to: replyChannel)
    }
}
