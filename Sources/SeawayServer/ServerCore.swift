package import Logging
package import NIOCore
import NIOHTTP1
import SeawayLog
package import SeawayMessage
import SeawayNIO

/// What all connections of one event loop share: the layer, the reply mailbox, the requests under way and the clock.
///
/// An interface server has one for each of its loops. When that is the layer's thread too, nothing here changes
/// threads.
package final class ServerCore {
    var configuration: ServerConfiguration
    let eventLoop: any EventLoop
    let layer: any ChannelLayer
    let logger: Logger
    let place: LoopPlace
    let message: RequestMessage
    private let mailboxes: RouteMailboxes

    package internal(set) var counters = ServerCounters()
    /// How long requests took.
    private var latencies: LatencyTable
    let tracing: ServerTracing?
    var idSource = NameSource()
    /// What new connections are shown; `nil` where the server speaks without TLS.
    var tls: ServerTLS?
    var writer: AnswerWriter
    /// As of the last sweep: no time in this server is kept more exactly than that.
    package private(set) var now: Moment
    private(set) var isDraining = false
    /// What of a connection's output is on its way; a test has another.
    package var outgoing: (any Channel) -> Outgoing = { Outgoing($0) }
    /// Bytes of request bodies that are held, over all connections.
    var bodies: BudgetShare
    /// All that is held for clients.
    package let memory: MemoryAccount
    /// Who reads much, and who sends requests behind others.
    package let reads: LoopTurns
    package let input: LoopTurns
    private var freed: FreedMemory
    /// Whether somebody who sends one request at a time has sent one, since the last sweep and before it.
    private var asks = (now: false, before: false)
    private var othersAsk: Bool { self.asks.now || self.asks.before }
    /// Requests that the layer has not answered.
    var unsettled = 0
    /// What proxies have said of connections that are open.
    var toldAddresses: [ObjectIdentifier: ConnectionAddresses] = [:]

    private var lastNumber: UInt64 = 0
    /// Another than that of reply channels: who knows one of a request's two names is not to know the other (2.1).
    private let bodySeal = NameSeal()
    /// Who waits for which answer.
    var underWay: RequestsUnderWay
    var connections = ConnectionPlaces()
    private var whenEmpty: EventLoopPromise<Void>?
    private var warnings = WarningPace<Moment>(pause: .seconds(1))
    /// Beside these: which time was over.
    var timeWarnings = WarningPace<Moment>(pause: .seconds(1))

    /// - Parameter place: `nil` where there is no other loop.
    package init(
        configuration: ServerConfiguration, layer: any ChannelLayer, eventLoop: any EventLoop, logger: Logger,
        place: LoopPlace? = nil
    ) {
        let place = place ?? LoopPlace(onlyOneOf: configuration)
        self.place = place
        self.bodies = BudgetShare(place.shares.bodies)
        self.memory = MemoryAccount(place.shares.memory, addresses: place.shares.holdings)
        self.reads = LoopTurns(.reads, budget: 8, work: 1, eventLoop: eventLoop)
        self.input = LoopTurns(.input, budget: 32, work: HTTP1Handler.quantum, eventLoop: eventLoop)
        self.configuration = configuration
        self.mailboxes = RouteMailboxes(configuration.routes)
        self.latencies = LatencyTable(configuration.routes)
        self.tracing = configuration.tracing.map(ServerTracing.init)
        self.layer = layer
        self.eventLoop = eventLoop
        self.logger = logger
        self.message = RequestMessage(scheme: configuration.scheme, rootPath: configuration.rootPath)
        self.writer = AnswerWriter(
            server: configuration.serverField, date: HTTPDate(unixSeconds: HTTPDate.systemSeconds()))
        self.underWay = RequestsUnderWay(mostKept: Self.mostKept(configuration, place))
        let now = Moment(eventLoop.now)
        self.now = now
        self.freed = FreedMemory(now: now)
        self.tls = configuration.tls
        // A turn may be due when the server has gone.
        self.input.hasOthers = { [weak self] in self?.othersAsk ?? false }
        self.input.isHeld = { [weak self] in self.map { $0.unsettled >= $0.configuration.maxUnsettled } ?? false }
    }

    /// Where answers come.
    private(set) lazy var inbox = ReplyInbox(
        Array(repeating: "http.response", count: self.mailboxes.count), layer: self.layer, eventLoop: self.eventLoop,
        credit: self.configuration.credit,
        now: self.now, logger: self.logger, owner: self)

    /// What is answered with files.
    private(set) lazy var files = FileServer(core: self, threads: self.fileThreads)
    /// Where files are read; a test has another, from before the first request on.
    package var fileThreads: any FileThreads = PoolThreads()

    /// What is compressed on its way.
    private(set) lazy var compression = AnswerCompression(core: self)

    /// What becomes WebSockets.
    private(set) lazy var sockets = SocketCore(server: self, layer: self.layer, now: self.now)

    /// Where what is sent to all sockets comes; on the first loop only.
    private(set) lazy var socketInbox = SocketInbox(core: self)

    var socketHome: SocketHome {
        self.place.home ?? SocketHome(layer: self.layer, names: self.socketInbox.names, taken: { _, _ in })
    }

    private var hasSocketInbox: Bool { self.place.home == nil }

    var shares: ServerShares { self.place.shares }

    package var bodyBytes: Int { self.bodies.used }

    /// All that is counted here.
    package var metrics: ServerMetrics {
        ServerMetrics(
            server: self.counters, wire: self.sockets.wire.counters,
            memory: Dictionary(uniqueKeysWithValues: MemoryPart.allCases.map { ($0, self.memory.bytes(of: $0)) }),
            // Of all loops: they are summed up.
            memoryLimit: self.place.index == 0 ? self.configuration.maxMemory : 0, latencies: self.latencies)
    }

    var answerLimits: Answer.Limits {
        Answer.Limits(fields: self.configuration.maxAnswerFields, bytes: self.configuration.maxAnswerHead)
    }

    /// Requests that wait for an answer, for tests.
    package var awaitedAnswers: Int { self.underWay.count }

    /// The mailbox's name, for tests and logs.
    package var mailboxName: String { self.inbox.boxes[0].name }

    /// Looks for what has waited too long, in every connection.
    package func sweep(at now: Moment) {
        self.now = now
        self.asks = (false, self.asks.now)
        self.writer.date.update(unixSeconds: HTTPDate.systemSeconds())
        self.inbox.sweep(at: now)
        if self.hasSocketInbox { self.socketInbox.sweep(at: now) }
        for connection in self.connections.all { connection.sweep(at: now) }
        self.sockets.sweep(at: now)
        self.compression.sweep(at: now)
        if self.freed.look(freed: self.memory.takeFreed(), at: now) { FreedMemory.giveBack() }
    }

    // MARK: Requests

    /// A number that this process never uses twice.
    ///
    /// - Parameter box: of the loop's reply mailboxes, that of the answers.
    func nextNumber(in box: Int = 0) -> UInt64 {
        self.lastNumber += 1
        return self.place.number(self.mailboxes.number(self.lastNumber, in: box))
    }

    func beginRequest(of holder: any ExchangeHolder, to route: RequestRoute) -> UInt64 {
        let number = self.nextNumber(in: self.mailboxes.index(of: route))
        self.underWay.begin(number, holder)
        return number
    }

    /// Has a request answered, by a file or by workers. That may happen before this returns.
    func send(
        _ head: HTTPRequestHead, _ checked: RequestCheck.Head, _ body: ByteBuffer?, from addresses: ConnectionAddresses,
        number: UInt64, route: RequestRoute, marks: RequestMarks, bodyChannel: String? = nil
    ) {
        if self.configuration.compression.isEnabled { self.compression.begin(number, head, checked) }
        guard self.configuration.files.isEnabled else {
            return self.sendToWorkers(
                head, checked, body, from: addresses, number: number, route: route, marks: marks,
                bodyChannel: bodyChannel)
        }
        let isTaken = self.files.take(number, head, checked) { [unowned self] in
            self.sendToWorkers(
                head, checked, body, from: addresses, number: number, route: route, marks: marks,
                bodyChannel: bodyChannel)
        }
        guard !isTaken else { return }
        self.sendToWorkers(
            head, checked, body, from: addresses, number: number, route: route, marks: marks, bodyChannel: bodyChannel)
    }

    /// Somebody has sent a request, and none before it that is not answered.
    func oneAsks() { self.asks.now = true }

    /// Nothing more is expected for this request.
    ///
    /// - Parameter cut: why its answer is not whole.
    func endRequest(_ asked: AskedRequest, cut: RequestEnd? = nil) {
        self.forget(asked.number)
        self.files.end(asked.number)
        self.compression.end(asked.number)
        var asked = asked
        asked.times.end(at: self.eventLoop.now)
        if let place = asked.place {
            self.latencies.record(place, asked.method, status: asked.status, asked.times, took: asked.took)
        }
        let traceID = self.tracing?.end(
            asked, cut: cut, at: self.eventLoop.now, scheme: asked.details?.scheme ?? self.configuration.scheme)
        guard let log = self.configuration.accessLog else { return }
        log.log(AccessRecord(asked, cut: cut, traceID: traceID, at: .now()))
    }

    /// What the access log needs of a request that begins; `nil` where none is written.
    ///
    /// - Parameter channel: where it goes, if it is to become a WebSocket.
    func accessDetails(
        _ head: HTTPRequestHead, _ checked: RequestCheck.Head, _ addresses: ConnectionAddresses,
        channel: @autoclosure () -> String? = nil
    ) -> AccessDetails? {
        guard self.configuration.accessLog != nil else { return nil }
        return AccessDetails(
            head, checked, scheme: addresses.scheme ?? self.configuration.scheme, channel: channel())
    }

    /// Its answer was handed to the connection whole.
    func countWhole(_ asked: AskedRequest) { if !asked.isOwn { self.counters.answered += 1 } }

    /// Passes on one message of an answer, without a detour.
    func handOver(_ answer: Result<Answer, AnswerFault>, to number: UInt64) -> Bool {
        self.underWay[number]?.receive(answer, for: number) ?? false
    }

    /// A file that was being sent cannot be sent to its end.
    func failFile(_ number: UInt64) { self.underWay[number]?.fail(number, .file) }

    // MARK: Reply channels

    func replyChannel(_ number: UInt64) -> String {
        self.inbox.boxes[self.mailboxes.box(of: self.place.drawn(number))].names.name(of: number)
    }

    /// Where the body of a request goes in pieces.
    func bodyChannel(_ number: UInt64) -> String {
        let server = self.inbox.boxes[self.mailboxes.box(of: self.place.drawn(number))].server
        return SealedNames(stem: "http.request.body?\(server).", seal: self.bodySeal).name(of: number)
    }

    /// Begins to take answers, and what is sent to WebSockets.
    package func start() {
        self.listen()
        if self.hasSocketInbox { self.socketInbox.listen() }
    }

    /// Begins to take answers.
    package func listen() { self.inbox.listen() }

    // MARK: The end

    /// Ends idle connections, and the others behind their last answer; WebSockets one after another.
    ///
    /// - Parameter grace: how long all of it may take; WebSockets are told within the first half.
    /// - Returns: fulfilled when none is left.
    package func drain(within grace: Duration = .zero) -> EventLoopFuture<Void> {
        let promise = self.whenEmpty ?? self.eventLoop.makePromise(of: Void.self)
        self.whenEmpty = promise
        self.isDraining = true
        for connection in self.connections.all { connection.drain() }
        self.sockets.leave(within: grace / 2)
        self.resolveIfEmpty()
        return promise.futureResult
    }

    /// Ends all connections, answered or not.
    package func abort() {
        for connection in self.connections.all { connection.abort(.shutdown) }
        self.sockets.abort()
    }

    /// Stops taking answers.
    package func stopListening() -> EventLoopFuture<Void> {
        let promise = self.eventLoop.makePromise(of: Void.self)
        let inbox = OnLoop(self.inbox, self.eventLoop)
        let stop: @Sendable () -> Void = { inbox.run { $0.stop { promise.succeed() } } }
        if self.hasSocketInbox { self.socketInbox.stop(stop) } else { stop() }
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
            "malformed answer",
            asked.named(["why": "\(fault)", "channel": "\(channel)", "path": "\(asked.path)"]))
    }

    /// Warns at most once a second of what may happen with every request; the counters have the rest.
    func warn(_ text: Logger.Message, _ metadata: Logger.Metadata) {
        self.logger.log(level: self.warnings.level(at: self.now), text, metadata: metadata)
    }
}

// MARK: What workers answer
extension ServerCore: ReplyInboxOwner {
    func receive(_ delivery: Delivery, in box: Int) {
        // Read for the first name that was issued: of forged ones nobody needs to know what they say.
        var read: Result<Answer, AnswerFault>?
        let report = delivery.group == nil ? BrokerReport(delivery.body) : nil
        for channel in delivery.channels {
            guard let number = self.inbox.boxes[box].names.number(of: channel) else {
                self.counters.unknownAnswers += 1
                continue
            }
            if let report {
                self.take(report, of: number)
                continue
            }
            let answer = read ?? self.read(delivery.body)
            read = answer
            guard self.deliver(answer, to: number) else {
                self.counters.lateAnswers += 1
                self.layer.close([channel])
                // It crossed the end of its request, and nothing else would tell its worker.
                if let own = (try? answer.get())?.disconnectChannel { self.tell(own, channel, path: "", .over) }
                continue
            }
        }
    }

    private func read(_ body: Payload) -> Result<Answer, AnswerFault> {
        do throws(AnswerFault) {
            return .success(try Answer(body, limits: self.answerLimits))
        } catch {
            return .failure(error)
        }
    }

    func inboxWasLost() {
        for (number, holder) in self.underWay.all { holder.fail(number, .unknownOutcome) }
    }

    /// What it held of requests is waited for a while still (``wasForsaken(_:)``).
    func brokerWasLost() {}

    /// Whether it is at a worker, or was lost with its broker, nobody knows (I33).
    func wasForsaken(_ carrier: Carrier) {
        for (number, holder) in self.underWay.carried(by: carrier) where holder.isUnanswered(number) {
            self.closeReplyChannel(number)
            holder.fail(number, .unknownOutcome)
        }
        self.sockets.wasForsaken(carrier)
    }
}

@available(*, unavailable)
extension ServerCore: Sendable {}
