import Logging
import NIOCore
import NIOHTTP1
import SeawayMessage

/// One WebSocket, from its request to its last event: the workers on one side, the browser on the other.
///
/// What a message of a worker means is ``SocketMessage``'s and ``SocketDecision``'s to say, which event goes next
/// ``EventStream``'s, and what becomes of frames ``WebSocketPeer``'s. Here their decisions are carried out.
final class SocketSession {
    enum State {
        /// The browser waits for a worker to decide.
        case asking(any ExchangeHolder, WebSocketHandshake, deadline: Moment)
        case open(WebSocketPeer)
        /// Only what workers are still to be told is left.
        case over
    }

    let core: SocketCore
    let number: UInt64
    let route: SocketRoute
    /// Whose sockets are counted together.
    let address: String?
    private let message: EventMessage
    var state: State {
        didSet { if !self.isAsking { self.connectMessage = nil } }
    }
    private var isAsking: Bool {
        if case .asking = self.state { true } else { false }
    }
    /// The first worker was lost with the connect.
    var isAskedAgain = false
    var events: EventStream
    /// Until a worker has decided: another may be asked.
    private var connectMessage: Payload?
    /// By which connection the connect went, once a broker has it.
    private(set) var carrier: Carrier?
    private var isPumping = false
    /// The channel in whose line this waits, and the one whose turn it has.
    private var line: String?
    private var turn: String?
    /// Over, and counted among those whose disconnect waits.
    private(set) var isKept = false
    private var isControlOpen = true

    init(
        core: SocketCore, number: UInt64, route: SocketRoute, address: String?, message: EventMessage,
        connectMessage: Payload, holder: any ExchangeHolder, handshake: WebSocketHandshake
    ) {
        self.core = core
        self.number = number
        self.route = route
        self.address = address
        self.message = message
        self.connectMessage = connectMessage
        self.state = .asking(holder, handshake, deadline: core.now + core.configuration.connectTimeout)
        self.events = EventStream(limits: core.configuration.events)
    }

    // Those that its workers know, though the server may have other mailboxes by now (W1).
    var sendChannel: String { self.message.replyChannel }
    var controlChannel: String { self.message.controlChannel }

    // MARK: Events for workers

    /// Sends what may be sent now.
    func pump() {
        // An answer that is there at once comes back here: the loop below goes on, no second one begins.
        guard !self.isPumping else { return }
        self.isPumping = true
        while self.line == nil, let sending = self.events.next(keeping: !self.core.server.memory.isFull) {
            self.send(sending)
        }
        self.isPumping = false
        if case .open(let peer) = self.state { peer.setReading(!self.events.isFull, waiting: self.events.bytes) }
        if self.events.isOver {
            self.leave()
        } else if !self.isAlive {
            self.keep()
        }
    }

    private func send(_ sending: EventStream.Sending) {
        let channel = sending.ownChannel ?? self.route.channel(for: sending.event)
        if let turn = self.turn, turn != channel { self.endTurn() }
        // A browser waits for the answer to its request, so that does not stand in line (W8).
        guard sending.event == .connect || self.turn == channel || !self.core.lines.exists(for: channel) else {
            return self.wait(for: channel)
        }
        let session = NIOLoopBound(self, eventLoop: self.core.eventLoop)
        let server = self.core.server.bound
        let settle: @Sendable (SendAnswer, Carrier) -> Void = { answer, carrier in
            server.run { _ in
                if sending.event == .connect, answer == .done { session.value.carrier = carrier }
                session.value.answered(answer, sending, channel)
            }
        }
        // All of one socket's events in one stream: so they stay in their order over any number of brokers (W6).
        guard let report = self.report(sending) else {
            return self.core.layer.sendCarried(
                self.payload(sending), to: channel, ifHeard: sending.ownChannel != nil, stream: self.sendChannel,
                answer: settle)
        }
        self.core.layer.sendReported(
            self.payload(sending), to: channel, ifHeard: report.patience == 0, stream: self.sendChannel,
            report: report, answer: settle)
    }

    /// What is to be told of an event that its worker is lost with (W31).
    private func report(_ sending: EventStream.Sending) -> ReportTerms? {
        guard sending.event == .connect else {
            return sending.losses.map {
                ReportTerms(to: self.controlChannel, times: $0, note: ReportNote.receive(sending.order).text)
            }
        }
        let patience = Int(self.core.server.configuration.noWorkerPatience.wholeMilliseconds)
        return ReportTerms(
            to: self.controlChannel, patience: patience, times: self.isAskedAgain ? 1 : 0,
            note: ReportNote.connect.text)
    }

    private func payload(_ sending: EventStream.Sending) -> Payload {
        switch sending.event {
        case .connect: self.connectMessage ?? Payload(messagePack: [])
        case .receive(let message):
            self.message.receive(message, order: sending.order, isSerial: sending.isSerial)
        case .disconnect(let code, let reason):
            self.message.disconnect(code: code, reason: reason, order: sending.order)
        }
    }

    private func answered(_ answer: SendAnswer, _ sending: EventStream.Sending, _ channel: String) {
        switch answer {
        case .done: self.sent(.stored)
        case .unknown:
            self.core.counters.unknownEvents += 1
            self.sent(.unknown)
            // A worker may have it all the same, so it is told of the end.
            if sending.event == .connect { self.fail(.unknownOutcome) }
        case .refused(let refusal) where sending.event == .connect: self.connectWasNotTaken(refusal)
        case .refused(let refusal) where refusal.isFull || refusal.isTemporary: self.wait(for: channel)
        case .refused(let refusal) where sending.ownChannel != nil: self.ownChannelRefused(refusal)
        case .refused(let refusal): self.eventRefused(refusal, sending.event, channel)
        }
        self.pump()
    }

    private func sent(_ outcome: EventStream.Outcome) {
        self.core.counters.events += 1
        self.events.answered(outcome, at: self.core.now)
        self.endTurn()
    }

    /// Nobody was told anything, so nobody is told of the end.
    private func connectWasNotTaken(_ refusal: Refusal) {
        self.events.giveUp()
        if refusal.isFull {
            self.fail(.full)
        } else if refusal.isAway {
            self.fail(.noWorker)
        } else if refusal.isTemporary {
            self.fail(.unreachable)
        } else {
            self.core.warn("WebSocket refused", ["channel": "\(self.route.channel)", "why": "\(refusal)"])
            self.fail(.refused)
        }
    }

    private func ownChannelRefused(_ refusal: Refusal) {
        self.core.counters.fallbacks += 1
        self.events.answered(.nobodyThere, at: self.core.now)
        self.endTurn()
        if !refusal.isAway, !refusal.isGone { self.reject(.receiveChannel(refusal)) }
    }

    /// What will never be taken would only stand in everybody's way.
    private func eventRefused(_ refusal: Refusal, _ event: SocketEvent, _ channel: String) {
        self.core.warn("event refused", ["channel": "\(channel)", "why": "\(refusal)"])
        self.events.answered(.refused, at: self.core.now)
        self.endTurn()
        guard !self.events.isOver else { return self.core.counters.droppedDisconnects += 1 }
        self.core.counters.droppedEvents += 1
        guard case .open(let peer) = self.state else { return }
        peer.close(
            code: refusal.code == "size" ? .messageTooBig : .internalError, reason: "refused", behindMessages: false)
    }

    // MARK: Waiting for room

    private func wait(for channel: String) {
        self.core.counters.waits += 1
        self.events.answered(.noRoom, at: self.core.now)
        self.line = channel
        if self.turn == channel {
            self.turn = nil
            self.core.lines.failed(self, on: channel)
        } else {
            self.core.lines.append(self, to: channel)
        }
    }

    /// The first in the line may try again.
    func takeTurn(at channel: String) {
        self.line = nil
        self.turn = channel
        self.pump()
        // It had something else to send, or nothing any more.
        if self.turn == channel, !self.events.isSending { self.endTurn() }
    }

    /// What waits goes elsewhere now (W18).
    func leaveLine() {
        guard let channel = self.line.take() else { return }
        self.core.lines.remove(self, from: channel)
        self.pump()
    }

    private func endTurn() {
        guard let channel = self.turn.take() else { return }
        self.core.lines.succeeded(on: channel)
    }

    // MARK: The end

    /// The handshake does not come about, and the browser is told why.
    func fail(_ error: ErrorAnswer) {
        guard case .asking(let holder, _, _) = self.state else { return }
        self.end(.abnormal)
        holder.fail(self.number, error)
    }

    /// The browser has left before a worker decided.
    func clientLeft() {
        if case .asking = self.state { self.end(.abnormal) }
    }

    func end(_ code: WebSocketCloseCode, reason: String = "") {
        guard self.isAlive else { return }
        self.state = .over
        self.core.ended(self)
        self.events.append(.disconnect(code: code, reason: reason))
        // Nothing is said any more of output that was blocked at the end.
        self.events.outputBlocked(false, at: self.core.now)
        // The last event's `done` may still be awaited.
        self.isControlOpen = self.events.awaitsDone
        self.closeChannels(self.isControlOpen ? [self.sendChannel] : [self.sendChannel, self.controlChannel])
        self.pump()
    }

    /// Ends the memberships; only then, and not before every broker knows it, is the disconnect sent (W5).
    private func closeChannels(_ channels: [String]) {
        // Nobody is told where nobody was asked, and too many at once do not wait.
        guard !self.events.isOver, self.core.beginClosing() else { return self.core.home.layer.close(channels) }
        self.events.holdEnd()
        let session = NIOLoopBound(self, eventLoop: self.core.eventLoop)
        let server = self.core.server.bound
        self.core.home.layer.close(channels) {
            server.run { $0.sockets.endClosing(of: session.value) }
        }
    }

    func channelsClosed() {
        self.events.channelsClosed()
        self.pump()
    }

    /// The disconnect waits, for room or for a `done`, if there is a place for one more (W5). That its channels are
    /// being closed is no such wait: the brokers' answers are on their way.
    private func keep() {
        let waits = !self.events.isSending && !self.events.awaitsClosing
        guard waits != self.isKept else { return }
        if !waits {
            self.core.endKeeping()
        } else if !self.core.beginKeeping() {
            self.core.counters.droppedDisconnects += 1
            return self.giveUp()
        }
        self.isKept = waits
    }

    private func leave() {
        if self.isControlOpen, !self.isAlive { self.core.home.layer.close([self.controlChannel]) }
        self.isControlOpen = false
        self.core.left(self)
    }

    private var isAlive: Bool {
        if case .over = self.state { return false }
        return true
    }

    /// Whether a worker has accepted it, and it is not over.
    var isOpen: Bool {
        if case .open = self.state { return true }
        return false
    }

    /// The disconnect will not be sent.
    func giveUp() {
        self.events.giveUp()
        self.pump()
    }

    /// Closes, as the server leaves or has lost its mailbox (W1, W23).
    func close(_ code: WebSocketCloseCode) {
        switch self.state {
        case .asking: self.fail(.unreachable)
        case .open(let peer): peer.close(code: code)
        case .over: break
        }
    }

    func abort() {
        if case .open(let peer) = self.state { peer.abort() }
    }

    // MARK: Times

    /// The event that a worker has, or its `done`, may have gone with a broker (W17).
    func brokerWasLost() { self.events.doubtDone(at: self.core.now) }

    func sweep(at now: Moment) {
        if case .asking(_, _, let deadline) = self.state, deadline <= now {
            self.core.warn("WebSocket refused", ["why": "no worker has answered", "channel": "\(self.route.channel)"])
            self.fail(.notAccepted)
        }
        if self.events.giveUpDone(at: now) {
            self.core.counters.missingDones += 1
            self.pump()
        }
        if self.events.isOverloaded(at: now) { self.shedLoad() }
    }

    private func shedLoad() {
        self.core.counters.droppedEvents += self.events.dropWaiting()
        guard case .open(let peer) = self.state else { return }
        self.core.counters.overloaded += 1
        self.logClosing(why: "overloaded")
        peer.close(code: .tryAgainLater, reason: "overloaded")
    }

    private func logClosing(why: String) {
        self.core.warn(
            "WebSocket closed",
            ["why": "\(why)", "client": "\(self.address ?? "")", "channel": "\(self.route.channel)"])
    }
}

// MARK: What the browser does
extension SocketSession: WebSocketPeerDelegate {
    func received(_ message: WebSocketMessage) {
        self.events.append(.receive(message))
        self.pump()
    }

    func outputBlocked(_ isBlocked: Bool) {
        self.events.outputBlocked(isBlocked, at: self.core.now)
        guard self.route.overflow == .wait else { return }
        if isBlocked {
            self.core.counters.pauses += 1
            self.core.home.layer.pause(self.sendChannel)
        } else {
            self.core.home.layer.resume(self.sendChannel)
        }
    }

    // The wire side counts what it drops.
    func dropped(_ reason: WebSocketDrop, count: Int) {}

    func failed(_ fault: WebSocketFault) { self.logClosing(why: fault.reason) }

    func closed(code: WebSocketCloseCode, reason: String) { self.end(code, reason: reason) }

    func connectionEnded() {}
}

@available(*, unavailable)
extension SocketSession: Sendable {}

extension SocketRoute {
    fileprivate func channel(for event: SocketEvent) -> String {
        switch event {
        case .connect: self.channel
        case .receive: self.receiveChannel
        case .disconnect: self.disconnectChannel
        }
    }
}

extension Refusal {
    /// The broker leaves, cannot be reached, or has delivered all that it may.
    fileprivate var isTemporary: Bool { self.isUnreachable || self.code == "closing" || self.code == "limit" }
}
