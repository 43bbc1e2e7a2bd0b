public import SeawayMessage

/// A layer without a broker: it keeps what is said to it, and a test says what comes back. For what a ``TestBroker``
/// does not do: refusals at will, answers that are late or never known, connections that break.
///
/// ```swift
/// let layer = FakeLayer { place, _ in place == 0 ? .refused(Refusal(code: "full")) : .done }
/// // … the code that is tested runs over it …
/// layer.deliver(["type": "job", "id": 7], to: "jobs")
/// #expect(try await layer.nextSent().message == ["done": 7])
/// layer.happen(.interrupted)
/// ```
///
/// Nothing is held back for want of credit, and groups and presence answer that all is well and do nothing.
public final class FakeLayer: ChannelLayer {
    /// One message that was sent, to a channel or to a group.
    public struct Sent: Sendable {
        /// The channel's name, or the group's.
        public var channel: String
        public var body: Payload
        /// The body decoded; empty where it is no message.
        public var message: Message
        public var ifHeard: Bool
        public var stream: String?
        public var bounds: MessageBounds?
        public var terms: MessageTerms?
        /// What its sender wants to be told; a test tells it by `FakeLayer.deliver`.
        public var report: ReportTerms?

        init(
            channel: String, body: Payload, ifHeard: Bool = false, stream: String? = nil,
            bounds: MessageBounds? = nil, terms: MessageTerms? = nil, report: ReportTerms? = nil
        ) {
            self.channel = channel
            self.body = body
            self.message = (try? Message(body)) ?? [:]
            self.ifHeard = ifHeard
            self.stream = stream
            self.bounds = bounds
            self.terms = terms
            self.report = report
        }
    }

    private let verdict: @Sendable (Int, Sent) -> SendAnswer?
    private let worker: @Sendable (FakeLayer, Sent) -> Void
    private let messages = SentMessages()
    private let held = HeldAnswers()
    private let listenings: FakeListenings
    private let channels = ChannelCalls()
    private let holder = FakeHolder()

    /// - Parameters:
    ///   - opening: what happens to each listening at once; `nil` leaves that to ``happen(_:to:)``.
    ///   - verdict: what becomes of the n-th send, the first being 0; `nil` keeps the answer back until
    ///     ``answerHeld(_:)``.
    ///   - worker: called for each message that was taken, for who answers it.
    public init(
        opening: ListeningEvent? = .started(kept: false),
        verdict: @escaping @Sendable (Int, Sent) -> SendAnswer? = { _, _ in .done },
        worker: @escaping @Sendable (FakeLayer, Sent) -> Void = { _, _ in }
    ) {
        self.verdict = verdict
        self.worker = worker
        self.listenings = FakeListenings(opening: opening)
    }

    /// Always.
    public var isConnected: Bool { true }

    // MARK: what was sent

    /// All, in their order, also those that were refused.
    public var sent: [Sent] { self.messages.all }
    /// What became of each of ``sent``, by its place; nothing of those that are held.
    public var answers: [Int: SendAnswer] { self.messages.answers }
    /// Those of ``sent`` that were stored.
    public var taken: [Sent] { self.messages.taken }

    /// The next message that is sent, in order; waited for without end.
    ///
    /// - Throws: `CancellationError`.
    public func nextSent() async throws -> Sent { try await self.messages.next() }

    /// Answers every send whose answer was kept back.
    public func answerHeld(_ answer: SendAnswer) { self.held.answer(answer) }

    public func send(
        _ body: Payload, to channel: String, ifHeard: Bool, stream: String?, bounds: MessageBounds?,
        terms: MessageTerms?, answer: @escaping @Sendable (SendAnswer) -> Void
    ) {
        let sent = Sent(
            channel: channel, body: body, ifHeard: ifHeard, stream: stream, bounds: bounds, terms: terms)
        self.take(sent) { result in
            if result == .done { terms?.acknowledging?.end() }
            answer(result)
        }
    }

    public func sendReported(
        _ body: Payload, to channel: String, ifHeard: Bool, stream: String?, report: ReportTerms,
        answer: @escaping @Sendable (SendAnswer, Carrier) -> Void
    ) {
        self.take(Sent(channel: channel, body: body, ifHeard: ifHeard, stream: stream, report: report)) {
            answer($0, Carrier())
        }
    }

    /// A send like others, to the group's name; of three members one is full.
    public func send(
        _ body: Payload, toGroup group: String, except: String?, bounds: MessageBounds?,
        answer: @escaping @Sendable (GroupAnswer) -> Void
    ) {
        self.take(Sent(channel: group, body: body, bounds: bounds)) { verdict in
            switch verdict {
            case .done: answer(.sent(2, full: 1, gone: 0))
            case .refused(let refusal): answer(.refused(refusal))
            case .unknown: answer(.unknown)
            }
        }
    }

    private func take(_ sent: Sent, answer: @escaping @Sendable (SendAnswer) -> Void) {
        let (verdict, messages) = (self.verdict, self.messages)
        let place = messages.add(sent)
        guard let verdict = verdict(place, sent) else {
            self.held.keep { late in
                messages.settle(place, late)
                answer(late)
            }
            return messages.tell(sent)
        }
        messages.settle(place, verdict)
        messages.tell(sent)
        answer(verdict)
        if verdict == .done { self.worker(self, sent) }
    }

    // MARK: who listens

    /// The names of the first listening.
    public var names: [String] { self.listenings.first?.names ?? [] }
    /// All mailboxes that are or were listened on.
    public var mailboxes: [String] { self.listenings.all.flatMap(\.names).filter { $0.hasSuffix("!") } }
    /// All credit that was granted.
    public var credit: Int { self.listenings.all.reduce(0) { $0 + $1.credit } }
    /// How many listenings were stopped.
    public var stopped: Int { self.listenings.all.count(where: \.isStopped) }

    /// The next credit that is granted to the first listening, in order.
    public func nextCredit() async throws -> Int { try await self.listenings.credits.next() }

    /// Waits until the first listening is told to stop.
    public func stopping() async throws { try await self.listenings.stops.next() }

    /// The next name of a later listening, when it is asked for and when it is left.
    public func nextAside() async throws -> String { try await self.listenings.asides.next() }
    public func nextStoppedAside() async throws -> String { try await self.listenings.stoppedAsides.next() }

    /// Delivers a message to the reader of the first channel's mailbox, or else to the first listening.
    public func deliver(_ message: Message, to channels: [String], group: String? = nil) {
        self.listenings.deliver(Delivery(channels: channels, group: group, body: message.payload))
    }

    /// Delivers a message; see ``deliver(_:to:group:)-(_,[String],_)``.
    public func deliver(_ message: Message, to channels: String..., group: String? = nil) {
        self.deliver(message, to: channels, group: group)
    }

    // MARK: what is acknowledged

    /// Delivers a message that is to be acknowledged.
    ///
    /// - Parameters:
    ///   - message: what comes.
    ///   - channel: a channel that somebody listens on with acknowledgement.
    ///   - times: how often it was delivered, this time included.
    /// - Returns: what it is acknowledged by.
    @discardableResult
    public func deliver(_ message: Message, toBeAcknowledgedOn channel: String, times: Int = 1) -> HeldMessage {
        let held = self.holder.next(on: channel, times: times)
        self.listenings.deliver(Delivery(channels: [channel], body: message.payload, held: held))
        return held
    }

    /// What was said of such messages by itself, in order; what is acknowledged with a send stands with that
    /// (``Sent/terms``).
    public var verdicts: [Verdict] { self.holder.all }
    /// The next of them, in order; waited for without end.
    public func nextVerdict() async throws -> Verdict { try await self.holder.next() }

    /// Something that was said of a message.
    public struct Verdict: Hashable, Sendable {
        public var id: String
        public var verdict: HeldMessage.Verdict

        public init(_ id: String, _ verdict: HeldMessage.Verdict) {
            self.id = id
            self.verdict = verdict
        }
    }

    /// Bytes that may be no message.
    public func deliver(raw bytes: [UInt8], to channel: String) {
        self.listenings.deliver(Delivery(channels: [channel], body: Payload(messagePack: bytes)))
    }

    /// Something happens to a listening.
    ///
    /// - Parameters:
    ///   - event: what happens.
    ///   - kind: what a name of it begins with, of several the last; without it, the first listening.
    public func happen(_ event: ListeningEvent, to kind: String? = nil) {
        self.listenings.happen(event, to: kind)
    }

    public func listen(
        to names: [String], terms: ListeningTerms, receive: @escaping @Sendable (Delivery) -> Void,
        event: @escaping @Sendable (ListeningEvent) -> Void
    ) -> any Listening { self.listenings.add(names, terms, receive: receive, event: event) }

    /// How the first listening was made.
    public var terms: ListeningTerms? { self.listenings.first?.terms }

    // MARK: channels and groups

    public var paused: [String] { self.channels.paused }
    public var resumed: [String] { self.channels.resumed }
    public var closed: [String] { self.channels.closed }
    /// What the next call closes, in order.
    public func nextClosed() async throws -> [String] { try await self.channels.nextClosed() }
    /// All three, in their order.
    public var calls: [String] { self.channels.all }

    /// Whether the answers to `close` are kept back, as those of a distant broker.
    public func holdClosed(_ holds: Bool) { self.channels.holdClosed(holds) }

    public func pause(_ channel: String) { self.channels.pause(channel) }
    public func resume(_ channel: String) { self.channels.resume(channel) }
    public func close(_ channels: [String], done: @escaping @Sendable () -> Void) {
        self.channels.close(channels, done: done)
    }

    public func join(_ group: String, _ channels: [String], answer: @escaping @Sendable (SendAnswer) -> Void) {
        answer(.done)
    }
    public func leave(_ group: String, _ channels: [String], answer: @escaping @Sendable (SendAnswer) -> Void) {
        answer(.done)
    }
    public func watch(_ group: String, on channel: String, answer: @escaping @Sendable (SendAnswer) -> Void) {
        answer(.done)
    }
    public func unwatch(_ group: String, on channel: String, answer: @escaping @Sendable (SendAnswer) -> Void) {
        answer(.done)
    }
}
