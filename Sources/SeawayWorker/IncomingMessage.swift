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

    /// What it is acknowledged by, where it is to be: the worker does so when the consumer has ended, or with its
    /// answer. The first that says so counts.
    public let held: HeldMessage?
    /// Why it was given up, where it is a dead letter.
    public let deadLetter: DeadLetter?
    /// How often it was delivered, this time included; 1 where it is not acknowledged.
    public var times: Int { self.held?.times ?? 1 }

    let envelope: Envelope
    /// Of a request that has a name.
    var time: WorkTime?
    /// What has been said to the one who waits, where that matters.
    var exchange: Exchange?

    init(
        _ payload: Payload, channel: String, group: String?, layer: any ChannelLayer, held: HeldMessage? = nil,
        deadLetter: DeadLetter? = nil
    ) {
        self.channel = channel
        self.group = group
        self.payload = payload
        self.layer = layer
        self.held = held
        self.deadLetter = deadLetter
        self.envelope = Envelope(payload)
    }

    /// Where its sender waits for an answer.
    public var replyChannel: String? { self.envelope.replyChannel }

    /// One field, without decoding the others.
    public subscript(key: String) -> Value? { self.payload[key] }

    /// All fields.
    public func message() throws(MessageError) -> Message { try Message(self.payload) }

    // MARK: Answering

    /// Sends a message to the reply channel.
    ///
    /// An HTTP request gets one answer, in one message or, with `more_content`, in several (INTERFACE.md, section 3). A
    /// socket that is accepted without a word on `serial` gets `serial: true`, so that its events come one at a time
    /// (W16).
    ///
    /// - Throws: `WorkerError` without a reply channel, and with `alreadyAnswered` for a second answer to a request:
    ///   what was sent first stands. `ClientError` with `gone` when nobody waits any more, and as any send does.
    public func reply(_ answer: Message) async throws { try await self.reply(answer.payload) }

    /// Sends an encoded message to the reply channel; throws as ``reply(_:)-(Message)`` does.
    public func reply(_ answer: Payload) async throws {
        guard let replyChannel = self.replyChannel else { throw WorkerError(.noReplyChannel, name: self.channel) }
        guard let exchange = self.exchange else { return try await self.layer.send(answer, to: replyChannel) }
        try await exchange.reply(answer, self.layer, self.held)
    }

    /// Whether it is known that nobody waits for the answer any more (I27); the consumer's task is cancelled then.
    public var isGone: Bool { self.exchange?.isLeft ?? false }

    // MARK: Others answer

    /// Gives the work to others, who answer the one who waits: sends a message with this one's `reply_channel`, and
    /// says ``answerLater()``.
    ///
    /// - Parameters:
    ///   - work: what they need to know; of an event that says `serial` also `control_channel`, `order` and `serial`.
    ///   - channel: where they listen.
    /// - Throws: `WorkerError` without a reply channel; `ClientError` as any send does. This worker answers then, with
    ///   a failure unless the consumer catches it.
    public func handOn(_ work: Message, to channel: String) async throws {
        guard let replyChannel = self.replyChannel else { throw WorkerError(.noReplyChannel, name: self.channel) }
        var work = work
        work["reply_channel"] = .string(replyChannel)
        try await self.layer.send(work, to: channel)
        self.answerLater()
    }

    /// Says that somebody else answers, who knows the reply channel, or this process later: the consumer may end
    /// without an answer.
    ///
    /// An event of a socket that waits for its `done` (W16) gets it from them too.
    public func answerLater() { self.exchange?.handOn() }

    /// Says that an event of a socket is dealt with before its consumer has ended: the next one comes (W16).
    ///
    /// Where it is not called the worker says so behind the consumer. Nothing is sent for a message that nobody waits
    /// for.
    ///
    /// - Throws: `ClientError` as any send does.
    public func done() async throws {
        guard let event = SerialEvent(self), self.exchange?.takeDone() == true else { return }
        try await self.layer.send(event.done, to: event.controlChannel, terms: self.acknowledgingTerms)
    }
}
