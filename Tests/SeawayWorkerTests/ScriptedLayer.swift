import SeawayMessage
import Synchronization
import TestSupport

/// A layer that hands out what a test delivers, keeps what is sent, and answers as the test says.
final class ScriptedLayer: ChannelLayer {
    struct Sent: Sendable {
        var channel: String
        var body: Payload
        var ifHeard: Bool

        var message: Message { (try? Message(self.body)) ?? [:] }
    }

    private struct State {
        var names: [String] = []
        var receive: (@Sendable (Delivery) -> Void)?
        var event: (@Sendable (ListeningEvent) -> Void)?
        var stops = 0
        var held: [@Sendable (SendAnswer) -> Void] = []
        var sends = 0
        var body: (receive: @Sendable (Delivery) -> Void, event: @Sendable (ListeningEvent) -> Void)?
        var aside: (name: String, receive: @Sendable (Delivery) -> Void, event: @Sendable (ListeningEvent) -> Void)?
    }

    private let state = Mutex(State())
    private let verdict: @Sendable (Int, Sent) -> SendAnswer?
    private let sent: Inbox<Sent>
    private let credits: Inbox<Int>
    private let stopped: Inbox<Void>
    /// The listening on which a worker hears of the end of its requests (I27): its mailbox, when it is asked for and
    /// when it is stopped.
    let mailboxes = Inbox<String>()
    let stoppedMailboxes = Inbox<String>()
    /// The listening on a body that comes in pieces, when it is asked for and when it is stopped; what is closed.
    let bodies = Inbox<String>()
    let stoppedBodies = Inbox<String>()
    let closed = Inbox<[String]>()

    /// - Parameter verdict: what becomes of the n-th send, the first being 0; `nil` holds the answer back until ``answerHeld(_:)``.
    init(verdict: @escaping @Sendable (Int, Sent) -> SendAnswer? = { _, _ in .done }) {
        self.verdict = verdict
        self.sent = Inbox()
        self.credits = Inbox()
        self.stopped = Inbox()
    }

    var names: [String] { self.state.withLock { $0.names } }

    /// The next message that is sent, in order.
    func nextSent() async -> Sent { await self.sent.next() }

    /// The next credit that is granted, in order.
    func nextCredit() async -> Int { await self.credits.next() }

    /// Waits until the listening is told to stop.
    func stopping() async { await self.stopped.next() }

    func deliver(_ message: Message, to channels: String..., group: String? = nil) {
        let receive = self.state.withLock { $0.receive }
        receive?(Delivery(channels: channels, group: group, body: message.payload))
    }

    /// Delivers a request as an interface server makes it, on reply channel `http.response.s!N`.
    func request(_ number: Int, _ method: String, _ path: String, _ fields: Message = [:]) {
        var message: Message = [
            "reply_channel": "http.response.s!\(number)", "method": .string(method), "path": .string(path),
        ]
        for (key, value) in fields { message[key] = value }
        self.deliver(message, to: "http.request")
    }

    func request(_ number: Int, _ path: String) { self.request(number, "GET", path) }

    func happen(_ event: ListeningEvent) { self.state.withLock { $0.event }?(event) }

    /// Delivers a piece of a body.
    func piece(_ message: Message) {
        let receive = self.state.withLock { $0.body }?.receive
        receive?(Delivery(channels: ["http.request.body?s.1"], body: message.payload))
    }

    /// Something happens to the listening on a body.
    func happenToBody(_ event: ListeningEvent) { self.state.withLock { $0.body }?.event(event) }

    /// Something happens to the listening on the ends of requests.
    func happenAside(_ event: ListeningEvent) { self.state.withLock { $0.aside }?.event(event) }

    /// Says that nobody waits for the answer of a request any more.
    func disconnect(_ channel: String, _ number: Int) {
        let message: Message = ["reply_channel": "http.response.s!\(number)", "path": "/", "reason": "left"]
        let receive = self.state.withLock { $0.aside }?.receive
        receive?(Delivery(channels: [channel], body: message.payload))
    }

    func answerHeld(_ answer: SendAnswer) {
        let held = self.state.withLock { state in
            defer { state.held = [] }
            return state.held
        }
        for answerOne in held { answerOne(answer) }
    }

    // MARK: ChannelLayer

    var isConnected: Bool { true }

    func send(
        _ body: Payload, to channel: String, ifHeard: Bool, stream: String?,
        answer: @escaping @Sendable (SendAnswer) -> Void
    ) {
        let sent = Sent(channel: channel, body: body, ifHeard: ifHeard)
        let number = self.state.withLock { state in
            defer { state.sends += 1 }
            return state.sends
        }
        let verdict = self.verdict(number, sent)
        if verdict == nil { self.state.withLock { $0.held.append(answer) } }
        self.sent.put(sent)
        if let verdict { answer(verdict) }
    }

    func send(
        _ body: Payload, toGroup group: String, except: String?, answer: @escaping @Sendable (GroupAnswer) -> Void
    ) {
        self.sent.put(Sent(channel: group, body: body, ifHeard: false))
        answer(.sent(2, full: 1, gone: 0))
    }

    func listen(
        to names: [String], receive: @escaping @Sendable (Delivery) -> Void,
        event: @escaping @Sendable (ListeningEvent) -> Void
    ) -> any Listening {
        if let name = names.first, name.hasPrefix("http.disconnect."), name.hasSuffix("!") {
            self.state.withLock { $0.aside = (name, receive, event) }
            self.mailboxes.put(name)
            return ListeningAside(stopped: { self.stoppedMailboxes.put(name) })
        }
        if let name = names.first, name.contains("?") {
            self.state.withLock { $0.body = (receive, event) }
            self.bodies.put(name)
            return ListeningAside(stopped: { self.stoppedBodies.put(name) })
        }
        self.state.withLock { state in
            state.names = names
            state.receive = receive
            state.event = event
        }
        return ScriptedListening(layer: self)
    }

    func join(_ group: String, _ channels: [String], answer: @escaping @Sendable (SendAnswer) -> Void) { answer(.done) }
    func leave(_ group: String, _ channels: [String], answer: @escaping @Sendable (SendAnswer) -> Void) {
        answer(.done)
    }
    func watch(_ group: String, on channel: String, answer: @escaping @Sendable (SendAnswer) -> Void) { answer(.done) }
    func unwatch(_ group: String, on channel: String, answer: @escaping @Sendable (SendAnswer) -> Void) {
        answer(.done)
    }
    func pause(_ channel: String) {}
    func resume(_ channel: String) {}
    func close(_ channels: [String], done: @escaping @Sendable () -> Void) {
        self.closed.put(channels)
        done()
    }

    fileprivate func grant(_ count: Int) { self.credits.put(count) }
    fileprivate func stop() { self.stopped.put(()) }
}

private final class ScriptedListening: Listening {
    private let layer: ScriptedLayer
    init(layer: ScriptedLayer) { self.layer = layer }

    func ready(_ count: Int) { self.layer.grant(count) }
    func stop(_ done: @escaping @Sendable () -> Void) {
        self.layer.stop()
        done()
    }
}

private final class ListeningAside: Listening {
    private let stopped: @Sendable () -> Void
    init(stopped: @escaping @Sendable () -> Void) { self.stopped = stopped }

    func ready(_ count: Int) {}
    func stop(_ done: @escaping @Sendable () -> Void) {
        self.stopped()
        done()
    }
}

/// A clock on which no wait takes any time; it keeps what was waited for.
final class InstantClock: Clock {
    typealias Instant = ContinuousClock.Instant
    private let waited = Mutex<[Duration]>([])
    private let start = ContinuousClock.now

    var waits: [Duration] { self.waited.withLock { $0 } }
    var now: Instant { self.waited.withLock { self.start + $0.reduce(.zero, +) } }
    var minimumResolution: Duration { .nanoseconds(1) }

    func sleep(until deadline: Instant, tolerance: Duration?) async throws {
        try Task.checkCancellation()
        let wait = deadline - self.now
        self.waited.withLock { $0.append(wait) }
    }
}

/// Holds back who waits until it is opened.
final class Gate: Sendable {
    private struct State {
        var isOpen = false
        var waiting: [CheckedContinuation<Void, Never>] = []
    }
    private let state = Mutex(State())

    func wait() async {
        await withCheckedContinuation { continuation in
            let isOpen = self.state.withLock { state in
                if !state.isOpen { state.waiting.append(continuation) }
                return state.isOpen
            }
            if isOpen { continuation.resume() }
        }
    }

    func open() {
        let waiting = self.state.withLock { state in
            state.isOpen = true
            defer { state.waiting = [] }
            return state.waiting
        }
        for continuation in waiting { continuation.resume() }
    }
}
