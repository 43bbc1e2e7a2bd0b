import Logging
package import NIOCore
import NIOHTTP1
import SeawayMessage
import SeawayNIO

/// What all WebSockets of one event loop share: who is open, and who waits.
///
/// What is sent to them comes from the loop that has the mailboxes (``SocketInbox``), which may be this one.
final class SocketCore {
    /// Outlives this.
    unowned let server: ServerCore
    var configuration: SocketConfiguration
    let eventLoop: any EventLoop
    /// Of this loop: events go there.
    let layer: any ChannelLayer
    /// What reads the mailboxes.
    let home: SocketHome
    private var names: SocketNames
    let wire: WebSocketCore
    let lines: WaitingLines

    /// Sockets that are asked for or open, by number.
    private var sessions: [UInt64: SocketSession] = [:]
    /// Sockets that are over and have events left.
    private var leaving: [UInt64: SocketSession] = [:]
    /// What came last, while more of the same turn may say the same.
    private var last: SocketDelivery?
    /// Messages that were taken here, by mailbox, since that was told.
    private var taken = SocketBox.allCases.map { _ in 0 }
    /// Nothing is kept any more.
    private var isAborted = false
    /// Whose turn it is to be told that the server leaves.
    private var leavers: LeavingPace<SocketSession>?

    init(server: ServerCore, layer: any ChannelLayer, now: Moment) {
        self.server = server
        self.layer = layer
        self.configuration = server.configuration.sockets
        self.eventLoop = server.eventLoop
        self.home = server.socketHome
        self.names = self.home.names
        self.wire = WebSocketCore(
            configuration: self.configuration.wire, eventLoop: server.eventLoop, now: now, shares: server.shares,
            memory: server.memory, reads: server.reads)
        self.lines = WaitingLines(eventLoop: server.eventLoop)
    }

    var now: Moment { self.server.now }
    var counters: SocketCounters {
        get { self.server.counters.sockets }
        set { self.server.counters.sockets = newValue }
    }
    var answerLimits: Answer.Limits { self.server.answerLimits }
    /// Whether no socket is open or asked for, and no disconnect is left to be sent.
    var isEmpty: Bool { self.sessions.isEmpty && self.leaving.isEmpty }

    func warn(_ text: Logger.Message, _ metadata: Logger.Metadata) { self.server.warn(text, metadata) }

    // MARK: Beginning

    /// Why an upgrade is refused before any worker is asked.
    ///
    /// - Returns: `nil` when it is not: then one of its address's places is taken, and ``ask(_:_:_:_:_:_:_:from:)`` is
    ///   next.
    func refusal(_ head: HTTPRequestHead, from addresses: ConnectionAddresses) -> ErrorAnswer? {
        let client = addresses.client?.host
        guard self.configuration.origins.allows(head.headers["origin"]) else {
            self.warn("WebSocket refused", ["why": "origin", "client": "\(client ?? "")"])
            return .origin
        }
        guard let address = self.counted(client),
            !self.server.shares.sockets.enter(address, below: self.configuration.maxPerAddress)
        else { return nil }
        self.warn("WebSocket refused", ["why": "too many of one address", "client": "\(client ?? "")"])
        return .tooManySockets
    }

    /// Who is charged for what a socket holds (I36).
    func charged(_ client: String?) -> IPAddress? {
        guard let address = client.flatMap({ IPAddress($0) }) else { return nil }
        return self.server.configuration.forwarding.trusted.contains(address) ? nil : address
    }

    /// Whose sockets are counted: not those of a proxy that has not said whose they are, since it stands for many
    /// (I68).
    private func counted(_ client: String?) -> IPAddress? {
        self.configuration.maxPerAddress > 0 ? self.charged(client) : nil
    }

    /// Asks a worker; the answer comes to the holder, maybe before this returns.
    func ask(
        _ holder: any ExchangeHolder, _ number: UInt64, _ head: HTTPRequestHead, _ checked: RequestCheck.Head,
        _ handshake: WebSocketHandshake, _ route: SocketRoute, _ marks: RequestMarks,
        from addresses: ConnectionAddresses
    ) -> SocketSession {
        let message = EventMessage(
            replyChannel: self.names.channel(number, in: .send),
            controlChannel: self.names.channel(number, in: .control), path: checked.target.path)
        let connectMessage = message.connect(
            head, checked, subprotocols: handshake.subprotocols, request: self.server.message, addresses: addresses,
            marks: marks)
        let session = SocketSession(
            core: self, number: number, route: route, address: addresses.client?.host, message: message,
            connectMessage: connectMessage, holder: holder, handshake: handshake)
        self.sessions[number] = session
        self.counters.asked += 1
        return session
    }

    // MARK: Ending

    /// The socket is over; what workers must know of it may still be on its way.
    func ended(_ session: SocketSession) {
        guard self.sessions.removeValue(forKey: session.number) != nil else { return }
        if let address = self.counted(session.address) { self.server.shares.sockets.leave(address) }
        self.leaving[session.number] = session
    }

    /// - Returns: whether there is a place for one more whose disconnect waits (W5).
    func beginKeeping() -> Bool {
        !self.isAborted
            && self.server.shares.waitingDisconnects.enter(below: self.configuration.maxWaitingDisconnects)
    }

    func endKeeping() { self.server.shares.waitingDisconnects.leave() }

    /// Whether one more may wait for its channels to be closed: as many as may be open.
    func beginClosing() -> Bool {
        self.server.shares.closingSockets.enter(below: self.server.configuration.maxConnections)
    }

    func endClosing(of session: SocketSession) {
        self.server.shares.closingSockets.leave()
        session.channelsClosed()
    }

    /// Nothing is left of the socket.
    func left(_ session: SocketSession) {
        guard self.leaving.removeValue(forKey: session.number) != nil else { return }
        if session.isKept { self.endKeeping() }
        self.server.resolveIfEmpty()
    }

    func sweep(at now: Moment) {
        self.wire.sweep(at: now)
        for session in self.sessions.values { session.sweep(at: now) }
        for session in self.leaving.values { session.sweep(at: now) }
    }

    func close(_ code: WebSocketCloseCode) {
        for session in self.sessions.values { session.close(code) }
    }

    /// Closes all with 1001, those that are open one after another in random order (W23).
    func leave(within time: Duration) {
        var open: [SocketSession] = []
        for session in self.sessions.values {
            if session.isOpen { open.append(session) } else { session.close(.goingAway) }
        }
        self.leavers = LeavingPace(open.shuffled(), over: time, from: Moment(self.eventLoop.now))
        self.goOnLeaving()
    }

    private func goOnLeaving() {
        for session in self.leavers?.due(at: Moment(self.eventLoop.now)) ?? [] { session.close(.goingAway) }
        guard let leavers = self.leavers, !leavers.isOver, !self.isAborted else { return self.leavers = nil }
        let core = NIOLoopBound(self, eventLoop: self.eventLoop)
        self.eventLoop.scheduleTask(in: .milliseconds(20)) { core.value.goOnLeaving() }
    }

    /// Ends all sockets at once; disconnects that wait are dropped.
    func abort() {
        self.isAborted = true
        for session in self.sessions.values { session.abort() }
        for session in self.leaving.values where session.isKept {
            self.counters.droppedDisconnects += 1
            session.giveUp()
        }
    }
}

// MARK: What workers send
extension SocketCore {
    /// Takes what another loop hands on, and says so, a part of the credit at a time: who hands on is to know of it
    /// before the credit is used up, and is not to be woken for each message.
    func receive(_ deliveries: [LoopDelivery]) {
        for delivery in deliveries {
            self.receive(delivery)
            self.taken[delivery.box] += 1
        }
        for box in self.taken.indices where self.taken[box] >= max(1, self.server.configuration.credit / 4) {
            self.home.taken(box, self.taken[box])
            self.taken[box] = 0
        }
        self.last = nil
    }

    /// Takes a message; several that say the same in one turn are encoded once.
    func receive(_ delivery: LoopDelivery) {
        let decoded = delivery.decoded
        let message = self.last.flatMap { $0.decoded === decoded ? $0 : nil } ?? SocketDelivery(decoded)
        if decoded.isShared { self.last = message }
        let box = SocketBox(rawValue: delivery.box) ?? .send
        for number in delivery.numbers where !self.take(message, number, box) {
            self.tooLate(self.names.channel(number, in: box))
        }
    }

    private func take(_ message: SocketDelivery, _ number: UInt64, _ box: SocketBox) -> Bool {
        switch box {
        case .send: self.sessions[number]?.receive(message) ?? false
        // One that is over may still wait for the `done` of its last event.
        case .control: (self.sessions[number] ?? self.leaving[number])?.control(message) ?? false
        }
    }

    /// Nobody is there any more for what was sent to a channel (W12).
    func tooLate(_ channel: String) {
        self.counters.late += 1
        self.home.layer.close([channel])
    }

    /// Those who know the old names cannot reach their sockets any more (W1).
    func move(to names: SocketNames) {
        self.names = names
        self.close(.serviceRestart)
    }

    func turnEnded() { self.last = nil }

    /// No worker is expected to answer any more for those that were asked about by this connection (I33).
    func wasForsaken(_ carrier: Carrier) {
        for session in self.sessions.values where session.carrier == carrier { session.fail(.unknownOutcome) }
    }

    func brokerWasLost() {
        for session in self.sessions.values { session.brokerWasLost() }
        for session in self.leaving.values { session.brokerWasLost() }
    }
}

extension ServerCore {
    /// How it is found out what browsers have taken; another way where a test has no socket.
    package var outgoingOfSockets: (any Channel) -> Outgoing {
        get { self.sockets.wire.outgoing }
        set { self.sockets.wire.outgoing = newValue }
    }
}

@available(*, unavailable)
extension SocketCore: Sendable {}
