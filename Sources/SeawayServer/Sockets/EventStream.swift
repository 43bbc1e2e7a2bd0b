import NIOCore

/// What a worker is told of one socket.
package enum SocketEvent: Hashable, Sendable {
    case connect
    case receive(WebSocketMessage)
    case disconnect(code: WebSocketCloseCode, reason: String)

    fileprivate var isReceive: Bool {
        if case .receive = self { true } else { false }
    }

    fileprivate var isDisconnect: Bool {
        if case .disconnect = self { true } else { false }
    }

    /// Bytes that count against the bound on what waits.
    fileprivate var size: Int {
        if case .receive(let message) = self { message.bytes.readableBytes } else { 0 }
    }
}

/// Decides which event of one socket is sent next, where to, and when (protocol/INTERFACE.md, 8.6).
///
/// At most one event is on its way (W6). The first that waits stays until it is stored; what comes behind it waits
/// within bounds (W15).
package struct EventStream {
    package struct Limits: Hashable, Sendable {
        /// Messages that wait beyond the first.
        package var messages = 16
        /// Bytes that wait beyond the first.
        package var bytes = 1_048_576
        /// How long the first may wait for room.
        package var overloadGrace = Duration.seconds(10)
        /// How long a serial socket waits for `done`.
        package var doneTimeout = Duration.seconds(30)
        /// The same for a `done` that may have been lost with a broker; no longer than ``doneTimeout``.
        package var doubtfulDoneTimeout = Duration.seconds(5)
        /// How often one event of a serial socket is given to a worker, where those before were lost with it.
        package var tries = 5

        package init() {}
    }

    /// One event on its way.
    package struct Sending: Hashable, Sendable {
        package var event: SocketEvent
        package var order: Int
        /// The worker's own channel, to be used with `Here=1`; `nil` for the shared one.
        package var ownChannel: String?
        /// The next one waits for the `done` of this one (W16).
        package var isSerial: Bool
        /// How often it was sent before, and its worker lost with it (W31); `nil`: it is not sent once more.
        package var losses: Int?

        package init(event: SocketEvent, order: Int, ownChannel: String?, isSerial: Bool = false, losses: Int? = nil) {
            self.event = event
            self.order = order
            self.ownChannel = ownChannel
            self.isSerial = isSerial
            self.losses = losses
        }
    }

    package enum Outcome: Hashable, Sendable {
        case stored
        /// There is no room, or nobody to ask: worth trying again.
        case noRoom
        /// Nobody reads the own channel any more.
        case nobodyThere
        /// It will never be taken there.
        case refused
        /// Stored or not; never sent again (W6).
        case unknown
    }

    private enum State: Hashable {
        /// The next event may go when there is one.
        case idle
        case sending
        /// The first event found no room, since then.
        case waitingForRoom(since: Moment)
        /// A serial socket's event was stored, and its `done` has not come.
        case waitingForDone(order: Int)
        /// The disconnect was sent, or given up.
        case over
    }

    private let limits: Limits
    private var state = State.idle
    private var waiting: CircularBuffer<SocketEvent>
    private var waitingBytes = 0
    private var order = 0
    private var isSerial = false
    /// The disconnect may not go yet, because brokers may still know the socket's memberships (W5).
    private var isEndHeld = false
    private var ownChannel: String?
    /// Of the wait for `done`: what is left as of `since`; the time stands still while that is `nil`.
    private var doneTime = (left: Duration.zero, since: Moment?.none)
    private var isOutputBlocked = false
    /// The event whose `done` is awaited, if it may be sent once more.
    private var kept: SocketEvent?
    /// How often the event that is on its way, or whose `done` is awaited, was lost before.
    private var losses = 0

    package init(limits: Limits) {
        self.limits = limits
        self.waiting = CircularBuffer(initialCapacity: 1)
        self.waiting.append(.connect)
    }

    // MARK: What it is told

    /// Whether nothing more should be read from the browser (W15, W16).
    package var isFull: Bool {
        if self.isSerial, self.state != .idle || !self.waiting.isEmpty { return true }
        return self.waiting.count > self.limits.messages || self.waitingBytes > self.limits.bytes
    }

    /// Bytes of messages that wait, or are on their way.
    package var bytes: Int { self.waitingBytes + (self.waiting.first?.size ?? 0) + (self.kept?.size ?? 0) }

    package var isOver: Bool { self.state == .over }
    package var isSending: Bool { self.state == .sending }

    /// Whether a `done` is awaited, now or behind the event that is on its way.
    package var awaitsDone: Bool {
        switch self.state {
        case .waitingForDone: true
        case .idle, .sending, .waitingForRoom: self.isSerial && self.waiting.contains { $0.isReceive }
        case .over: false
        }
    }

    /// Whether only its own channels, which are being closed, hold the disconnect back.
    package var awaitsClosing: Bool {
        self.isEndHeld && self.state == .idle && self.waiting.first?.isDisconnect == true
    }

    /// The disconnect must wait until ``channelsClosed()``; what goes before it does not.
    package mutating func holdEnd() { self.isEndHeld = true }

    /// No broker in reach knows the socket as a member of anything any more.
    package mutating func channelsClosed() { self.isEndHeld = false }

    /// The connect, which was sent, is to be sent once more: who had it is gone.
    ///
    /// - Returns: false when something else has happened since.
    package mutating func askAgain() -> Bool {
        guard self.state == .idle, self.order == 1, self.waiting.isEmpty else { return false }
        self.waiting.append(.connect)
        self.order = 0
        return true
    }

    package mutating func append(_ event: SocketEvent) {
        guard !self.isOver else { return }
        self.waiting.append(event)
        if self.waiting.count > 1 { self.waitingBytes += event.size }
    }

    /// Drops what waits, but not what is on its way, nor a disconnect.
    ///
    /// - Returns: how many messages were dropped.
    package mutating func dropWaiting() -> Int {
        let kept = self.waiting.enumerated().filter { index, event in
            (index == 0 && self.state == .sending) || event.isDisconnect
        }.map(\.element)
        let dropped = self.waiting.count - kept.count
        self.waiting = CircularBuffer(kept)
        self.waitingBytes = kept.dropFirst().reduce(0) { $0 + $1.size }
        if dropped > 0, case .waitingForRoom = self.state { self.state = .idle }
        return dropped
    }

    /// The socket was accepted as one whose events go one at a time (W16).
    package mutating func becomeSerial() { self.isSerial = true }

    /// Where events go from now on; `nil` for the shared channels. One on its way is not sent again (W18).
    ///
    /// - Returns: whether that is elsewhere.
    @discardableResult
    package mutating func direct(to channel: String?) -> Bool {
        defer { self.ownChannel = channel }
        return channel != self.ownChannel
    }

    /// - Returns: whether an event may go now that could not before.
    package mutating func done(_ order: Int) -> Bool {
        if self.state == .sending, order == self.order { self.isDoneEarly = true }
        guard self.state == .waitingForDone(order: order) else { return false }
        self.goOn()
        return true
    }

    /// The event is over, and the next may go.
    private mutating func goOn() {
        self.state = .idle
        self.kept = nil
        self.losses = 0
    }

    /// A broker says that the worker which had an event is lost (W31): it is to be sent once more, before all others.
    ///
    /// - Returns: `nil`: it is not the one whose `done` is awaited; false: it was lost so often that the next may go.
    package mutating func lost(_ order: Int) -> Bool? {
        if self.state == .sending, order == self.order {
            self.isLostEarly = true
            return true
        }
        guard self.state == .waitingForDone(order: order) else { return nil }
        guard let event = self.kept.take(), self.losses + 1 < self.limits.tries else {
            self.goOn()
            return false
        }
        self.losses += 1
        self.order = order
        self.state = .idle
        if let first = self.waiting.first { self.waitingBytes += first.size }
        self.waiting.prepend(event)
        return true
    }

    /// Nobody will deal with an event (W31).
    ///
    /// - Returns: whether the next may go.
    package mutating func gaveUp(_ order: Int) -> Bool { self.done(order) }

    /// The time for `done` stands still while the worker's own output does (W17).
    package mutating func outputBlocked(_ isBlocked: Bool, at now: Moment) {
        self.isOutputBlocked = isBlocked
        guard case .waitingForDone = self.state else { return }
        if isBlocked, let since = self.doneTime.since {
            self.doneTime = (self.doneTime.left - (now - since), nil)
        } else if !isBlocked, self.doneTime.since == nil {
            self.doneTime.since = now
        }
    }

    // MARK: What it decides

    /// The event that is to be sent now, if any; from here on it is on its way.
    ///
    /// - Parameter keeping: whether there is room to keep one that may have to be sent once more (W31).
    package mutating func next(keeping: Bool = true) -> Sending? {
        guard let event = self.waiting.first, !self.isEndHeld || !event.isDisconnect else { return nil }
        switch self.state {
        case .idle, .waitingForRoom: break
        case .sending, .waitingForDone, .over: return nil
        }
        // Told again behind ``answered(_:at:)`` when there is still no room.
        if case .waitingForRoom(let since) = self.state { self.roomSought = since }
        self.state = .sending
        let isSerial = self.isSerial && event.isReceive
        // Of what is in a worker's own mailbox no broker tells anything.
        self.isToBeKept = isSerial && keeping && self.ownChannel == nil
        return Sending(
            event: event, order: self.order, ownChannel: self.ownChannel, isSerial: isSerial,
            losses: self.isToBeKept ? self.losses : nil)
    }

    /// Since when the event on its way has looked for room.
    private var roomSought: Moment?
    /// The `done` of the event on its way has come over another broker, before the answer of its own.
    private var isDoneEarly = false
    private var isToBeKept = false
    /// The same of the report that its worker is lost.
    private var isLostEarly = false

    /// What became of the event on its way.
    package mutating func answered(_ outcome: Outcome, at now: Moment) {
        guard self.state == .sending else { return }
        switch outcome {
        case .stored: self.sent(at: now)
        case .unknown:
            self.sent(at: now)
            self.doubtDone(at: now)
        case .noRoom: self.state = .waitingForRoom(since: self.roomSought ?? now)
        case .nobodyThere:
            self.ownChannel = nil
            self.state = .idle
        case .refused:
            self.goOn()
            if self.removeFirst().isDisconnect { self.state = .over }
        }
        self.roomSought = nil
        self.isDoneEarly = false
        self.isLostEarly = false
    }

    private mutating func sent(at now: Moment) {
        let order = self.order
        self.order += 1
        let event = self.removeFirst()
        switch event {
        case .disconnect: self.state = .over
        case .receive where self.isSerial && !self.isDoneEarly:
            self.state = .waitingForDone(order: order)
            self.doneTime = (self.limits.doneTimeout, self.isOutputBlocked ? nil : now)
            self.kept = self.isToBeKept ? event : nil
            if self.isLostEarly { _ = self.lost(order) }
        case .connect, .receive: self.goOn()
        }
    }

    private mutating func removeFirst() -> SocketEvent {
        let event = self.waiting.removeFirst()
        if let next = self.waiting.first { self.waitingBytes -= next.size }
        return event
    }

    /// Whether the first event has waited too long for room (W15).
    package func isOverloaded(at now: Moment) -> Bool {
        guard case .waitingForRoom(let since) = self.state else { return false }
        return since + self.limits.overloadGrace <= now
    }

    /// Goes on without a `done` that does not come (W17).
    ///
    /// - Returns: whether it did.
    package mutating func giveUpDone(at now: Moment) -> Bool {
        guard case .waitingForDone = self.state, let since = self.doneTime.since,
            since + self.doneTime.left <= now
        else { return false }
        self.goOn()
        return true
    }

    /// The `done` that is awaited, or the event that it is for, may have been lost with a broker: it is not waited for
    /// as long as one that a worker is late with (W17).
    package mutating func doubtDone(at now: Moment) {
        guard case .waitingForDone = self.state else { return }
        if let since = self.doneTime.since { self.doneTime = (self.doneTime.left - (now - since), now) }
        self.doneTime.left = min(self.doneTime.left, self.limits.doubtfulDoneTimeout)
    }

    /// Sends nothing more, not even the disconnect.
    package mutating func giveUp() {
        self.state = .over
        self.waiting.removeAll()
        self.kept = nil
    }
}
