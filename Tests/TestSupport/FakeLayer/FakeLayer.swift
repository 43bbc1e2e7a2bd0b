package import SeawayMessage

/// A layer that keeps what is said to it, and lets a test say what comes back.
///
/// It is put together of parts, each of which holds one thing: ``SentMessages``, ``HeldAnswers``, ``FakeListenings`` and
/// ``ChannelCalls``. What one floor needs beyond them is an extension in that floor's tests.
package final class FakeLayer: ChannelLayer {
    package typealias Sent = SentMessages.Sent

    /// What becomes of the n-th send, the first being 0; `nil` keeps the answer back until ``answerHeld(_:)``.
    private let verdict: @Sendable (Int, Sent) -> SendAnswer?
    /// Called for each message that was taken.
    private let worker: @Sendable (FakeLayer, Sent) -> Void
    private let messages = SentMessages()
    private let held = HeldAnswers()
    private let listenings: FakeListenings
    private let channels = ChannelCalls()

    /// - Parameter opening: what happens to each listening at once; `nil` leaves that to ``happen(_:to:)``.
    package init(
        opening: ListeningEvent? = .started(kept: false),
        verdict: @escaping @Sendable (Int, Sent) -> SendAnswer? = { _, _ in .done },
        worker: @escaping @Sendable (FakeLayer, Sent) -> Void = { _, _ in }
    ) {
        self.verdict = verdict
        self.worker = worker
        self.listenings = FakeListenings(opening: opening)
    }

    package var isConnected: Bool { true }

    // MARK: what was sent

    package var sent: [Sent] { self.messages.all }
    /// What became of each of ``sent``, by its place; nothing of those that are held.
    package var answers: [Int: SendAnswer] { self.messages.answers }
    /// Those of ``sent`` that were stored.
    package var taken: [Sent] { self.messages.taken }

    /// The next message that is sent, in order.
    package func nextSent() async -> Sent { await self.messages.next() }

    package func answerHeld(_ answer: SendAnswer) { self.held.answer(answer) }

    package func send(
        _ body: Payload, to channel: String, ifHeard: Bool, stream: String?,
        answer: @escaping @Sendable (SendAnswer) -> Void
    ) {
        self.take(Sent(channel: channel, body: body, ifHeard: ifHeard, stream: stream), answer: answer)
    }

    /// Of three members one is full.
    package func send(
        _ body: Payload, toGroup group: String, except: String?, answer: @escaping @Sendable (GroupAnswer) -> Void
    ) {
        self.take(Sent(channel: group, body: body)) { verdict in
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
    package var names: [String] { self.listenings.first?.names ?? [] }
    /// All mailboxes that are or were listened on.
    package var mailboxes: [String] { self.listenings.all.flatMap(\.names).filter { $0.hasSuffix("!") } }
    /// All credit that was granted.
    package var credit: Int { self.listenings.all.reduce(0) { $0 + $1.credit } }
    /// How many listenings were stopped.
    package var stopped: Int { self.listenings.all.count(where: \.isStopped) }

    /// The next credit that is granted to the first listening, in order.
    package func nextCredit() async -> Int { await self.listenings.credits.next() }

    /// Waits until the first listening is told to stop.
    package func stopping() async { await self.listenings.stops.next() }

    /// The next name of a later listening, when it is asked for and when it is left.
    package func nextAside() async -> String { await self.listenings.asides.next() }
    package func nextStoppedAside() async -> String { await self.listenings.stoppedAsides.next() }

    /// To the reader of the first channel's mailbox, or else to the first listening.
    package func deliver(_ message: Message, to channels: [String], group: String? = nil) {
        self.listenings.deliver(Delivery(channels: channels, group: group, body: message.payload))
    }

    package func deliver(_ message: Message, to channels: String..., group: String? = nil) {
        self.deliver(message, to: channels, group: group)
    }

    package func deliver(raw bytes: [UInt8], to channel: String) {
        self.listenings.deliver(Delivery(channels: [channel], body: Payload(messagePack: bytes)))
    }

    /// Something happens to a listening.
    ///
    /// - Parameter kind: what a name of it begins with, of several the last; without it, the first listening.
    package func happen(_ event: ListeningEvent, to kind: String? = nil) {
        self.listenings.happen(event, to: kind)
    }

    package func listen(
        to names: [String], receive: @escaping @Sendable (Delivery) -> Void,
        event: @escaping @Sendable (ListeningEvent) -> Void
    ) -> any Listening { self.listenings.add(names, receive: receive, event: event) }

    // MARK: channels and groups

    package var paused: [String] { self.channels.paused }
    package var resumed: [String] { self.channels.resumed }
    package var closed: [String] { self.channels.closed }
    /// What the next call closes, in order.
    package func nextClosed() async -> [String] { await self.channels.nextClosed() }
    /// All three, in their order.
    package var calls: [String] { self.channels.all }

    /// Whether the answers to `close` are kept back, as those of a distant broker.
    package func holdClosed(_ holds: Bool) { self.channels.holdClosed(holds) }

    package func pause(_ channel: String) { self.channels.pause(channel) }
    package func resume(_ channel: String) { self.channels.resume(channel) }
    package func close(_ channels: [String], done: @escaping @Sendable () -> Void) {
        self.channels.close(channels, done: done)
    }

    package func join(_ group: String, _ channels: [String], answer: @escaping @Sendable (SendAnswer) -> Void) {
        answer(.done)
    }
    package func leave(_ group: String, _ channels: [String], answer: @escaping @Sendable (SendAnswer) -> Void) {
        answer(.done)
    }
    package func watch(_ group: String, on channel: String, answer: @escaping @Sendable (SendAnswer) -> Void) {
        answer(.done)
    }
    package func unwatch(_ group: String, on channel: String, answer: @escaping @Sendable (SendAnswer) -> Void) {
        answer(.done)
    }
}
