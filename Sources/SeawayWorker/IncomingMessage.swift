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

    /// Where its sender waits for an answer.
    public let replyChannel: String?

    init(_ delivery: Delivery, channel: String, layer: any ChannelLayer) {
        self.channel = channel
        self.group = delivery.group
        self.payload = delivery.body
        self.layer = layer
        self.replyChannel = delivery.body["reply_channel"]?.string
    }

    /// One field, without decoding the others.
    public subscript(key: String) -> Value? { self.payload[key] }

    /// All fields.
    ///
    /// - Throws: `MessageError`; a broker hands out no body that is not one map.
    public func message() throws -> Message { try Message(self.payload) }

    /// Sends a message to the reply channel.
    ///
    /// - Throws: ``WorkerError``: `noReplyChannel`, `refused` (with `gone` nobody waits any more) or `unknown`.
    public func reply(_ answer: Message) async throws(WorkerError) {
        try await self.reply(answer.payload)
    }

    public func reply(_ answer: Payload) async throws(WorkerError) {
        guard let replyChannel = self.replyChannel else { throw WorkerError(.noReplyChannel, name: self.channel) }
        try await self.layer.send(answer, to: replyChannel)
    }

    /// Answers an `http.request` message.
    public func respond(_ response: HTTPResponse) async throws(WorkerError) {
        guard let replyChannel = self.replyChannel else { throw WorkerError(.noReplyChannel, name: self.channel) }
        try await response.send(to: replyChannel, self.layer)
    }
}
