import SeawayMessage
import Synchronization

/// A layer that keeps what the server says to it, and lets a test say what comes back.
final class FakeLayer: ChannelLayer {
    struct Sent: Sendable {
        var channel: String
        var message: Message
        var ifHeard: Bool
        var stream: String?
    }

    private struct Listened {
        var names: [String]
        var receive: @Sendable (Delivery) -> Void
        var event: @Sendable (ListeningEvent) -> Void
    }

    private struct State {
        var sent: [Sent] = []
        var answers: [Int: SendAnswer] = [:]
        var closed: [String] = []
        var paused: [String] = []
        var resumed: [String] = []
        /// All three, in their order.
        var calls: [String] = []
        var credit = 0
        var mailboxes: [String] = []
        var stopped = 0
        var listenings: [Listened] = []
        var held: [@Sendable (SendAnswer) -> Void] = []
        var holdsClosed = false
        var heldClosed: [@Sendable () -> Void] = []
    }

    private let state = Mutex(State())
    /// What the layer answers to a send; `nil` keeps the answer back until ``answerHeld(_:)``.
    private let verdict: @Sendable (String) -> SendAnswer?
    /// Called for each message that was taken.
    private let worker: @Sendable (FakeLayer, Sent) -> Void

    init(
        verdict: @escaping @Sendable (String) -> SendAnswer? = { _ in .done },
        worker: @escaping @Sendable (FakeLayer, Sent) -> Void = { _, _ in }
    ) {
        self.verdict = verdict
        self.worker = worker
    }

    var sent: [Sent] { self.state.withLock { $0.sent } }
    /// What became of each of ``sent``, by its place; nothing of those that are held.
    var answers: [Int: SendAnswer] { self.state.withLock { $0.answers } }
    var requests: [Message] {
        self.sent.filter { $0.channel.hasPrefix("http.request") && !$0.channel.contains("?") }.map(\.message)
    }
    var bodyPieces: [Sent] { self.sent.filter { $0.channel.hasPrefix("http.request.body?") } }
    var disconnects: [Sent] { self.sent.filter { $0.channel.hasPrefix("http.disconnect") } }
    var closed: [String] { self.state.withLock { $0.closed } }
    var paused: [String] { self.state.withLock { $0.paused } }
    var resumed: [String] { self.state.withLock { $0.resumed } }
    var calls: [String] { self.state.withLock { $0.calls } }
    var credit: Int { self.state.withLock { $0.credit } }
    var mailboxes: [String] { self.state.withLock { $0.mailboxes } }
    var stopped: Int { self.state.withLock { $0.stopped } }

    /// The reply channel of the request with this place, the first being 0.
    func replyChannel(_ index: Int) -> String? {
        let requests = self.requests
        return requests.indices.contains(index) ? requests[index]["reply_channel"]?.string : nil
    }

    func deliver(_ message: Message, to channels: [String], group: String? = nil) {
        self.deliver(Delivery(channels: channels, group: group, body: message.payload))
    }

    func deliver(raw bytes: [UInt8], to channel: String) {
        self.deliver(Delivery(channels: [channel], body: Payload(messagePack: bytes)))
    }

    /// To the reader of the first channel's mailbox.
    private func deliver(_ delivery: Delivery) {
        let channel = delivery.channels.first ?? ""
        let reader = self.state.withLock { state in
            state.listenings.last { $0.names.contains { channel.hasPrefix($0) } }
        }
        reader?.receive(delivery)
    }

    /// To the reader of a mailbox of this kind.
    func happen(_ event: ListeningEvent, to kind: String = "http.response") {
        let reader = self.state.withLock { state in
            state.listenings.last { $0.names.contains { $0.hasPrefix(kind) } }
        }
        reader?.event(event)
    }

    func answerHeld(_ answer: SendAnswer) {
        let held = self.state.withLock { state in
            defer { state.held = [] }
            return state.held
        }
        for closure in held { closure(answer) }
    }

    /// Whether the answers to `close` are kept back, as those of a distant broker.
    func holdClosed(_ holds: Bool) {
        let held = self.state.withLock { state in
            state.holdsClosed = holds
            defer { if !holds { state.heldClosed = [] } }
            return holds ? [] : state.heldClosed
        }
        for done in held { done() }
    }

    // MARK: ChannelLayer

    var isConnected: Bool { true }

    func send(
        _ body: Payload, to channel: String, ifHeard: Bool, stream: String?,
        answer: @escaping @Sendable (SendAnswer) -> Void
    ) {
        let sent = Sent(
            channel: channel, message: (try? Message(body)) ?? [:], ifHeard: ifHeard, stream: stream)
        let verdict = self.verdict(channel)
        self.state.withLock { state in
            let place = state.sent.count
            state.sent.append(sent)
            state.answers[place] = verdict
            guard verdict == nil else { return }
            state.held.append { [weak self] late in
                self?.state.withLock { $0.answers[place] = late }
                answer(late)
            }
        }
        guard let verdict else { return }
        answer(verdict)
        if verdict == .done { self.worker(self, sent) }
    }

    func listen(
        to names: [String], receive: @escaping @Sendable (Delivery) -> Void,
        event: @escaping @Sendable (ListeningEvent) -> Void
    ) -> any Listening {
        self.state.withLock { state in
            state.mailboxes += names
            state.listenings.append(Listened(names: names, receive: receive, event: event))
        }
        event(.started(kept: false))
        return FakeListening(layer: self)
    }

    func pause(_ channel: String) {
        self.state.withLock { state in
            state.paused.append(channel)
            state.calls.append("PAUSE \(channel)")
        }
    }

    func resume(_ channel: String) {
        self.state.withLock { state in
            state.resumed.append(channel)
            state.calls.append("RESUME \(channel)")
        }
    }

    func close(_ channels: [String], done: @escaping @Sendable () -> Void) {
        let isHeld = self.state.withLock { state in
            state.closed += channels
            state.calls.append("CLOSE " + channels.joined(separator: " "))
            if state.holdsClosed { state.heldClosed.append(done) }
            return state.holdsClosed
        }
        if !isHeld { done() }
    }

    fileprivate func grant(_ count: Int) { self.state.withLock { $0.credit += count } }
    fileprivate func stop() { self.state.withLock { $0.stopped += 1 } }

    // The server has no business with groups.
    func send(
        _ body: Payload, toGroup group: String, except: String?, answer: @escaping @Sendable (GroupAnswer) -> Void
    ) { answer(.unknown) }
    func join(_ group: String, _ channels: [String], answer: @escaping @Sendable (SendAnswer) -> Void) {
        answer(.unknown)
    }
    func leave(_ group: String, _ channels: [String], answer: @escaping @Sendable (SendAnswer) -> Void) {
        answer(.unknown)
    }
    func watch(_ group: String, on channel: String, answer: @escaping @Sendable (SendAnswer) -> Void) {
        answer(.unknown)
    }
    func unwatch(_ group: String, on channel: String, answer: @escaping @Sendable (SendAnswer) -> Void) {
        answer(.unknown)
    }
}

private final class FakeListening: Listening {
    private let layer: FakeLayer
    init(layer: FakeLayer) { self.layer = layer }

    func ready(_ count: Int) { self.layer.grant(count) }
    func stop(_ done: @escaping @Sendable () -> Void) {
        self.layer.stop()
        done()
    }
}
