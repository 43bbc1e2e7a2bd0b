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

    private var lastNumber: UInt64 = 0
    /// Who waits for which answer.
    private var holders: [UInt64: any ExchangeHolder] = [:]
    private var connections: [ObjectIdentifier: any ServerConnection] = [:]
    private var whenEmpty: EventLoopPromise<Void>?
    private var lastWarning: Moment?
    /// When the log said last which time was over.
    var lastTimeSaid: Moment?

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
    }

    /// Where answers come.
    private(set) lazy var inbox = ReplyInbox(
        ["http.response"], layer: self.layer, eventLoop: self.eventLoop, credit: self.configuration.credit,
        now: self.now, logger: self.logger, owner: self)

    /// What becomes WebSockets.
    private(set) lazy var sockets = SocketCore(server: self, layer: self.layer, now: self.now)

    /// All that is counted here.
    package var metrics: ServerMetrics { ServerMetrics(server: self.counters, wire: self.sockets.wire.counters) }

    var answerLimits: Answer.Limits {
        Answer.Limits(fields: self.configuration.maxAnswerFields, bytes: self.configuration.maxAnswerHead)
    }

    /// The mailbox's name, for tests and logs.
    package var mailboxName: String { self.inbox.boxes[0].name }

    // MARK: Connections

    /// - Returns: whether there is a place for one more.
    func enter(_ connection: any ServerConnection) -> Bool {
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

    func leave(_ connection: any ServerConnection) {
        guard self.connections.removeValue(forKey: ObjectIdentifier(connection)) != nil else { return }
        self.counters.openConnections = self.connections.count
        self.resolveIfEmpty()
    }

    /// Looks for what has waited too long, in every connection.
    package func sweep(at now: Moment) {
        self.now = now
        self.writer.date.update(unixSeconds: HTTPDate.systemSeconds())
        self.inbox.sweep(at: now)
        for connection in self.connections.values { connection.sweep(at: now) }
        self.sockets.sweep(at: now)
    }

    // MARK: Requests

    /// A number that this process never uses twice.
    func nextNumber() -> UInt64 {
        self.lastNumber += 1
        return self.lastNumber
    }

    func beginRequest(of holder: any ExchangeHolder) -> UInt64 {
        let number = self.nextNumber()
        self.holders[number] = holder
        return number
    }

    /// Puts a request on its channel. The layer may refuse it before this returns.
    func send(
        _ head: HTTPRequestHead, _ checked: RequestCheck.Head, _ body: ByteBuffer?, from addresses: ConnectionAddresses,
        number: UInt64, route: RequestRoute
    ) {
        // Without the mailbox no answer could come.
        guard self.inbox.isOpen else {
            self.holders[number]?.fail(number, .refused)
            return
        }
        let payload = self.message.request(
            head, checked, body: body, replyChannel: self.replyChannel(number), addresses: addresses)
        self.counters.requests += 1
        let core = self.bound
        self.layer.send(payload, to: route.channel, ifHeard: false) { answer in
            guard answer != .done else { return }
            core.run { $0.requestWasNotTaken(number, answer, channel: route.channel) }
        }
    }

    private func requestWasNotTaken(_ number: UInt64, _ answer: SendAnswer, channel: String) {
        guard let holder = self.holders[number] else { return }
        switch answer {
        case .done: break
        case .refused(let refusal) where refusal.isFull: holder.fail(number, .full)
        case .refused(let refusal) where refusal.isUnreachable || refusal.code == "closing":
            holder.fail(number, .unreachable)
        case .refused(let refusal):
            self.warn("request refused", ["channel": "\(channel)", "why": "\(refusal)"])
            holder.fail(number, .refused)
        case .unknown:
            // A worker may have it all the same.
            self.closeReplyChannel(number)
            holder.fail(number, .unknownOutcome)
        }
    }

    /// Nothing more is expected for this request.
    ///
    /// - Parameter cut: why its answer is not whole.
    func endRequest(_ asked: AskedRequest, cut: RequestEnd? = nil) {
        self.holders[asked.number] = nil
        guard self.configuration.accessLog else { return }
        self.logAccess(asked, cut)
    }

    // MARK: Reply channels

    func replyChannel(_ number: UInt64) -> String { self.inbox.boxes[0].channel(number) }

    func closeReplyChannel(_ number: UInt64) { self.layer.close([self.replyChannel(number)]) }

    func pause(_ number: UInt64) {
        self.counters.pauses += 1
        self.layer.pause(self.replyChannel(number))
    }

    func resume(_ number: UInt64) { self.layer.resume(self.replyChannel(number)) }

    /// Begins to take answers, and what is sent to WebSockets.
    package func start() {
        self.listen()
        self.sockets.inbox.listen()
    }

    /// Begins to take answers.
    package func listen() { self.inbox.listen() }

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
        let inbox = OnLoop(self.inbox, self.eventLoop)
        self.sockets.inbox.stop { inbox.run { $0.stop { promise.succeed() } } }
        return promise.futureResult
    }

    func resolveIfEmpty() {
        guard self.isDraining, self.connections.isEmpty, self.sockets.isEmpty else { return }
        self.whenEmpty?.succeed()
    }

    // MARK: Logs

    func logMalformed(_ fault: AnswerFault, _ asked: AskedRequest) {
        let channel = asked.route?.channel ?? ""
        self.warn(
            "malformed answer", ["why": "\(fault)", "channel": "\(channel)", "path": "\(asked.path)"])
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

// MARK: What workers answer
extension ServerCore: ReplyInboxOwner {
    func receive(_ delivery: Delivery, in box: Int) {
        let answer: Result<Answer, AnswerFault>
        do throws(AnswerFault) {
            answer = .success(try Answer(delivery.body, limits: self.answerLimits))
        } catch {
            answer = .failure(error)
        }
        for channel in delivery.channels {
            let number = self.inbox.boxes[box].number(of: channel)
            let holder = number.flatMap { self.holders[$0] }
            guard let number, let holder, holder.receive(answer, for: number) else {
                self.counters.lateAnswers += 1
                self.layer.close([channel])
                // It crossed the end of its request, and nothing else would tell its worker.
                if let own = (try? answer.get())?.disconnectChannel { self.tell(own, channel, path: "", .over) }
                continue
            }
        }
    }

    func inboxWasLost() {
        for (number, holder) in self.holders { holder.fail(number, .unknownOutcome) }
    }
}

@available(*, unavailable)
extension ServerCore: Sendable {}
