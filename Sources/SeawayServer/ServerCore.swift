package import Logging
package import NIOCore
import NIOHTTP1
package import SeawayMessage
import SeawayNIO

/// What all connections of an interface server share: the layer, the reply mailbox, the requests under way and the clock.
///
/// Lives on one event loop. When that is the layer's thread too, nothing here changes threads.
package final class ServerCore {
    let configuration: ServerConfiguration
    let eventLoop: any EventLoop
    let layer: any ChannelLayer
    let logger: Logger
    let message: RequestMessage

    package internal(set) var counters = ServerCounters()
    var writer: AnswerWriter
    /// As of the last sweep: no time in this server is kept more exactly than that.
    package private(set) var now: Moment
    private(set) var isDraining = false
    /// What of a connection's output is on its way; a test has another.
    package var outgoing: (any Channel) -> Outgoing = { Outgoing($0) }
    /// Bytes of request bodies in reception, over all connections.
    var bodyBytes = 0

    private var mailbox: ReplyMailbox
    /// When to try again after the layer has refused the mailbox.
    private var listenAgain: Moment?
    private var lastNumber: UInt64 = 0
    /// Who waits for which answer.
    private var owners: [UInt64: ConnectionHandler] = [:]
    private var connections: [ObjectIdentifier: ConnectionHandler] = [:]
    private var whenEmpty: EventLoopPromise<Void>?
    private var lastWarning: Moment?

    package init(configuration: ServerConfiguration, layer: any ChannelLayer, eventLoop: any EventLoop, logger: Logger)
    {
        self.configuration = configuration
        self.layer = layer
        self.eventLoop = eventLoop
        self.logger = logger
        self.message = RequestMessage(scheme: configuration.scheme, rootPath: configuration.rootPath)
        self.writer = AnswerWriter(
            server: configuration.serverField, date: HTTPDate(unixSeconds: HTTPDate.systemSeconds()))
        self.now = Moment(eventLoop.now)
        self.mailbox = Self.newMailbox(configuration)
    }

    private static func newMailbox(_ configuration: ServerConfiguration) -> ReplyMailbox {
        ReplyMailbox("http.response", server: ReplyMailbox.randomName(), credit: configuration.credit)
    }

    /// What becomes WebSockets.
    private(set) lazy var sockets = SocketCore(server: self, layer: self.layer, now: self.now)

    /// All that is counted here.
    package var metrics: ServerMetrics { ServerMetrics(server: self.counters, wire: self.sockets.wire.counters) }

    var answerLimits: Answer.Limits {
        Answer.Limits(fields: self.configuration.maxAnswerFields, bytes: self.configuration.maxAnswerHead)
    }

    /// The mailbox's name, for tests and logs.
    package var mailboxName: String { self.mailbox.name }

    // MARK: Connections

    /// - Returns: whether there is a place for one more.
    func enter(_ connection: ConnectionHandler) -> Bool {
        self.counters.connections += 1
        let count = self.connections.count + self.sockets.connections
        guard count < self.configuration.maxConnections, !self.isDraining else {
            self.counters.count(.tooManyConnections)
            return false
        }
        self.connections[ObjectIdentifier(connection)] = connection
        self.counters.openConnections = self.connections.count
        return true
    }

    func leave(_ connection: ConnectionHandler) {
        guard self.connections.removeValue(forKey: ObjectIdentifier(connection)) != nil else { return }
        self.counters.openConnections = self.connections.count
        self.resolveIfEmpty()
    }

    /// Looks for what has waited too long, in every connection.
    package func sweep(at now: Moment) {
        self.now = now
        self.writer.date.update(unixSeconds: HTTPDate.systemSeconds())
        if let time = self.listenAgain, time <= now { self.listen() }
        for connection in self.connections.values { connection.sweep(at: now) }
        self.sockets.sweep(at: now)
    }

    // MARK: Requests

    /// A number that this process never uses twice.
    func nextNumber() -> UInt64 {
        self.lastNumber += 1
        return self.lastNumber
    }

    func beginRequest(of connection: ConnectionHandler) -> UInt64 {
        let number = self.nextNumber()
        self.owners[number] = connection
        return number
    }

    /// Puts a request on its channel. The layer may refuse it before this returns.
    func send(
        _ head: HTTPRequestHead, _ checked: RequestCheck.Head, _ body: ByteBuffer?, from addresses: ConnectionAddresses,
        number: UInt64, route: RequestRoute
    ) {
        // Without the mailbox no answer could come.
        guard self.listenAgain == nil else {
            self.owners[number]?.fail(number, .refused)
            return
        }
        let payload = self.message.request(
            head, checked, body: body, replyChannel: self.mailbox.channel(number), addresses: addresses)
        self.counters.requests += 1
        let core = self.bound
        self.layer.send(payload, to: route.channel, ifHeard: false) { answer in
            guard answer != .done else { return }
            core.run { $0.requestWasNotTaken(number, answer, channel: route.channel) }
        }
    }

    private func requestWasNotTaken(_ number: UInt64, _ answer: SendAnswer, channel: String) {
        guard let owner = self.owners[number] else { return }
        switch answer {
        case .done: break
        case .refused(let refusal) where refusal.isFull: owner.fail(number, .full)
        case .refused(let refusal) where refusal.isUnreachable || refusal.code == "closing":
            owner.fail(number, .unreachable)
        case .refused(let refusal):
            self.warn("request refused", ["channel": "\(channel)", "why": "\(refusal)"])
            owner.fail(number, .refused)
        case .unknown:
            // A worker may have it all the same.
            self.closeReplyChannel(number)
            owner.fail(number, .unknownOutcome)
        }
    }

    /// Nothing more is expected for this request.
    ///
    /// - Parameter cut: why its answer is not whole.
    func endRequest(_ exchange: Exchanges<AskedRequest, ByteBuffer>.Exchange, cut: RequestEnd? = nil) {
        self.owners[exchange.number] = nil
        guard self.configuration.accessLog else { return }
        self.logAccess(exchange.request, cut)
    }

    // MARK: Reply channels

    func replyChannel(_ number: UInt64) -> String { self.mailbox.channel(number) }

    func closeReplyChannel(_ number: UInt64) { self.layer.close([self.mailbox.channel(number)]) }

    func pause(_ number: UInt64) {
        self.counters.pauses += 1
        self.layer.pause(self.mailbox.channel(number))
    }

    func resume(_ number: UInt64) { self.layer.resume(self.mailbox.channel(number)) }

    /// Begins to take answers, and what is sent to WebSockets.
    package func start() {
        self.listen()
        self.sockets.listen()
    }

    /// Begins to take answers.
    package func listen() {
        self.listenAgain = nil
        let core = self.bound
        let name = self.mailbox.name
        let listening = self.layer.listen(
            to: [name],
            receive: { delivery in core.run { $0.receive(delivery) } },
            event: { event in core.run { $0.mailboxChanged(name, event) } }
        )
        self.mailbox.listening = listening
        listening.ready(self.configuration.credit)
    }

    private func receive(_ delivery: Delivery) {
        if let credit = self.mailbox.useCredit() { self.mailbox.listening?.ready(credit) }
        let answer: Result<Answer, AnswerFault>
        do throws(AnswerFault) {
            answer = .success(try Answer(delivery.body, limits: self.answerLimits))
        } catch {
            answer = .failure(error)
        }
        for channel in delivery.channels {
            let number = self.mailbox.number(of: channel)
            let owner = number.flatMap { self.owners[$0] }
            guard let number, let owner, owner.receive(answer, for: number) else {
                self.counters.lateAnswers += 1
                self.layer.close([channel])
                // It crossed the end of its request, and nothing else would tell its worker.
                if let own = (try? answer.get())?.disconnectChannel { self.tell(own, channel, path: "", .over) }
                continue
            }
        }
    }

    private func mailboxChanged(_ name: String, _ event: ListeningEvent) {
        guard name == self.mailbox.name else { return }
        switch event {
        case .started: self.logger.debug("listening", metadata: ["mailbox": "\(name)"])
        case .interrupted: self.logger.warning("the broker is out of reach")
        case .lost: self.startAnew()
        case .refused(let refusal):
            self.logger.error("the broker refuses the reply mailbox", metadata: ["why": "\(refusal)"])
            self.listenAgain = self.now + .seconds(5)
        }
    }

    /// Takes a new mailbox after another reader has taken the old one: its answers would go there (I2).
    private func startAnew() {
        self.logger.error("another reader has taken the reply mailbox", metadata: ["mailbox": "\(self.mailboxName)"])
        for (number, owner) in self.owners { owner.fail(number, .unknownOutcome) }
        self.mailbox = Self.newMailbox(self.configuration)
        self.listen()
    }

    // MARK: The end

    /// Ends idle connections, and the others behind their last answer.
    ///
    /// - Returns: fulfilled when none is left.
    package func drain() -> EventLoopFuture<Void> {
        let promise = self.whenEmpty ?? self.eventLoop.makePromise(of: Void.self)
        self.whenEmpty = promise
        self.isDraining = true
        for connection in self.connections.values { connection.drain() }
        self.sockets.close(.goingAway)
        self.resolveIfEmpty()
        return promise.futureResult
    }

    /// Ends all connections, answered or not.
    package func abort() {
        for connection in self.connections.values { connection.abort(.shutdown) }
        self.sockets.abort()
    }

    /// Stops taking answers.
    package func stopListening() -> EventLoopFuture<Void> {
        let promise = self.eventLoop.makePromise(of: Void.self)
        let listening = self.mailbox.listening
        self.sockets.stopListening {
            if let listening { listening.stop { promise.succeed() } } else { promise.succeed() }
        }
        return promise.futureResult
    }

    func resolveIfEmpty() {
        guard self.isDraining, self.connections.isEmpty, self.sockets.isEmpty else { return }
        self.whenEmpty?.succeed()
    }

    // MARK: Logs

    func logMalformed(_ fault: AnswerFault, _ exchange: Exchanges<AskedRequest, ByteBuffer>.Exchange) {
        let channel = exchange.request.route?.channel ?? ""
        self.warn(
            "malformed answer", ["why": "\(fault)", "channel": "\(channel)", "path": "\(exchange.request.path)"])
    }

    /// Warns at most once a second of what may happen with every request; the counters have the rest.
    func warn(_ text: Logger.Message, _ metadata: Logger.Metadata) {
        let isQuiet = self.lastWarning.map { self.now < $0 + .seconds(1) } ?? false
        if !isQuiet { self.lastWarning = self.now }
        self.logger.log(level: isQuiet ? .debug : .warning, text, metadata: metadata)
    }

    /// The time of day of requests in the access log; nobody else needs it more exactly than ``now``.
    var logTime: NIODeadline { self.configuration.accessLog ? self.eventLoop.now : .distantPast }

    private func logAccess(_ asked: AskedRequest, _ cut: RequestEnd?) {
        let time = self.logTime - asked.began
        var metadata: Logger.Metadata = [
            "method": "\(asked.method.name)", "path": "\(asked.path)", "status": "\(asked.status)",
            "bytes": "\(asked.sent)", "ms": "\(time.nanoseconds / 1_000_000)",
        ]
        if let cut { metadata["cut"] = "\(cut)" }
        self.logger.info("request", metadata: metadata)
    }
}

@available(*, unavailable)
extension ServerCore: Sendable {}
