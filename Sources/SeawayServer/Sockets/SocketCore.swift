import Logging
package import NIOCore
import NIOHTTP1
import SeawayMessage

/// What all WebSockets of an interface server share: the mailboxes, who is open, and who waits.
///
/// Lives on the server's event loop.
final class SocketCore {
    /// Outlives this.
    unowned let server: ServerCore
    let configuration: SocketConfiguration
    let eventLoop: any EventLoop
    let layer: any ChannelLayer
    let wire: WebSocketCore
    let lines: WaitingLines

    /// Sockets that are asked for or open, by number.
    private var sessions: [UInt64: SocketSession] = [:]
    /// Sockets that are over and have events left.
    private var leaving: [UInt64: SocketSession] = [:]
    private var addresses: [String: Int] = [:]
    /// Of those, the ones that wait; the others are on their way.
    private var kept = 0
    /// Sockets that are over and whose channels brokers have not said to be closed.
    private var closing = 0
    /// Nothing is kept any more.
    private var isAborted = false

    init(server: ServerCore, layer: any ChannelLayer, now: Moment) {
        self.server = server
        self.layer = layer
        self.configuration = server.configuration.sockets
        self.eventLoop = server.eventLoop
        self.wire = WebSocketCore(configuration: self.configuration.wire, eventLoop: server.eventLoop, now: now)
        self.lines = WaitingLines(eventLoop: server.eventLoop)
    }

    /// Where what is sent to sockets comes: to the browser, and what must not wait behind that.
    private(set) lazy var inbox = ReplyInbox(
        [Self.sendPrefix, Self.controlPrefix], layer: self.layer, eventLoop: self.eventLoop,
        credit: self.server.configuration.credit, now: self.now, logger: self.server.logger, owner: self)

    private static let sendPrefix = "websocket.send"
    private static let controlPrefix = "websocket.control"
    private var sendMailbox: ReplyMailbox { self.inbox.boxes[0] }
    private var controlMailbox: ReplyMailbox { self.inbox.boxes[1] }

    var now: Moment { self.server.now }
    var counters: SocketCounters {
        get { self.server.counters.sockets }
        set { self.server.counters.sockets = newValue }
    }
    var answerLimits: Answer.Limits { self.server.answerLimits }
    /// Whether no socket is open or asked for, and no disconnect is left to be sent.
    var isEmpty: Bool { self.sessions.isEmpty && self.leaving.isEmpty }
    /// Connections that are WebSockets now.
    var connections: Int { self.wire.counters.openSockets }

    func warn(_ text: Logger.Message, _ metadata: Logger.Metadata) { self.server.warn(text, metadata) }

    // MARK: Beginning

    /// Why an upgrade is refused before any worker is asked.
    func refusal(_ head: HTTPRequestHead, from addresses: ConnectionAddresses) -> ErrorAnswer? {
        let client = addresses.client?.host
        guard self.configuration.origins.allows(head.headers["origin"]) else {
            self.warn("WebSocket refused", ["why": "origin", "client": "\(client ?? "")"])
            return .origin
        }
        let limit = self.configuration.maxPerAddress
        guard limit > 0, let client, self.addresses[client, default: 0] >= limit else { return nil }
        self.warn("WebSocket refused", ["why": "too many of one address", "client": "\(client)"])
        return .tooManySockets
    }

    /// Asks a worker; the answer comes to the holder, maybe before this returns.
    func ask(
        _ holder: any ExchangeHolder, _ number: UInt64, _ head: HTTPRequestHead, _ checked: RequestCheck.Head,
        _ handshake: WebSocketHandshake, from addresses: ConnectionAddresses
    ) -> SocketSession {
        let route = self.configuration.routes.match(host: checked.host, path: checked.target.path)
        let message = EventMessage(
            replyChannel: self.sendMailbox.channel(number), controlChannel: self.controlMailbox.channel(number),
            path: checked.target.path)
        let connectMessage = message.connect(
            head, checked, subprotocols: handshake.subprotocols, request: self.server.message, addresses: addresses)
        let session = SocketSession(
            core: self, number: number, route: route, address: addresses.client?.host, message: message,
            connectMessage: connectMessage, holder: holder, handshake: handshake)
        self.sessions[number] = session
        if let address = session.address { self.addresses[address, default: 0] += 1 }
        self.counters.asked += 1
        return session
    }

    // MARK: Ending

    /// The socket is over; what workers must know of it may still be on its way.
    func ended(_ session: SocketSession) {
        guard self.sessions.removeValue(forKey: session.number) != nil else { return }
        if let address = session.address, let count = self.addresses[address] {
            self.addresses[address] = count > 1 ? count - 1 : nil
        }
        self.leaving[session.number] = session
    }

    /// Whether there is a place for one more whose disconnect waits (W5).
    var mayKeep: Bool { self.kept < self.configuration.maxWaitingDisconnects && !self.isAborted }

    func countKept(_ count: Int) { self.kept += count }

    /// Whether one more may wait for its channels to be closed: as many as may be open.
    func beginClosing() -> Bool {
        guard self.closing < self.server.configuration.maxConnections else { return false }
        self.closing += 1
        return true
    }

    func endClosing(of session: SocketSession) {
        self.closing -= 1
        session.channelsClosed()
    }

    /// Nothing is left of the socket.
    func left(_ session: SocketSession) {
        guard self.leaving.removeValue(forKey: session.number) != nil else { return }
        if session.isKept { self.kept -= 1 }
        self.server.resolveIfEmpty()
    }

    func sweep(at now: Moment) {
        self.inbox.sweep(at: now)
        self.wire.sweep(at: now)
        for session in self.sessions.values { session.sweep(at: now) }
        for session in self.leaving.values { session.sweep(at: now) }
    }

    func close(_ code: WebSocketCloseCode) {
        for session in self.sessions.values { session.close(code) }
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
extension SocketCore: ReplyInboxOwner {
    func receive(_ delivery: Delivery, in box: Int) {
        let message = SocketDelivery(delivery)
        let isControl = box == 1
        for channel in delivery.channels {
            let number = self.inbox.boxes[box].number(of: channel)
            let isTaken = isControl ? self.control(message, number) : self.send(message, number)
            guard !isTaken else { continue }
            self.counters.late += 1
            self.layer.close([channel])
        }
    }

    private func send(_ message: SocketDelivery, _ number: UInt64?) -> Bool {
        number.flatMap { self.sessions[$0] }?.receive(message) ?? false
    }

    /// One that is over may still wait for the `done` of its last event.
    private func control(_ message: SocketDelivery, _ number: UInt64?) -> Bool {
        number.flatMap { self.sessions[$0] ?? self.leaving[$0] }?.control(message) ?? false
    }

    func inboxWasLost() { self.close(.serviceRestart) }

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
