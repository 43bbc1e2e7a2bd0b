public import Logging
import SeawayLog
public import SeawayMessage
public import ServiceLifecycle
import Synchronization
public import Tracing
import UnixSignals

/// Takes messages from channels and gives each to the consumer for its channel.
///
/// ```swift
/// let worker = Worker(layer: layer)
/// worker.on("http.request", path: "/moon") { request in .text("hello from \(request.path)\n") }
/// try await worker.runService()
/// ```
///
/// Consumers that compute little and never block their thread are served cheapest where the layer's connection is (its
/// `executor`): `try await withTaskExecutorPreference(layer.executor) { try await worker.runService() }`.
///
/// At most `concurrency` consumers run at a time, since no more credit is granted. What a consumer throws is logged
/// and, where somebody waits on a reply channel, answered with a 500; so is what it leaves without an answer. Of the
/// routes of a channel the first that fits wins; those that are added while the worker runs count from the next run on.
///
/// A consumer whose HTTP client has left, or was cut off or timed out, has its task cancelled: what it waits for then
/// throws `CancellationError`, and nothing that it throws or returns is sent or logged as an error. For a request that
/// takes longer than `disconnectNotice` the worker names a channel of its own to the interface server, which tells it
/// the end (I27); an answer that is refused with `gone` says the same at any time. Where the broker does not allow the
/// worker to listen on `http.disconnect.*!`, and for as long as no broker is in reach, such a consumer works on until
/// its answer is refused.
public final class Worker: Service {
    private struct Plan {
        var table = RouteTable()
        var fault: WorkerError?
        var socketMailboxes = 0
        var terms = ListeningTerms()
    }

    private let layer: any ChannelLayer
    private let concurrency: Int
    private let disconnectNotice: Duration?
    private let hold: Duration?
    private let clock: any Clock<Duration>
    private let logger: Logger
    private let tracer: (any Tracer)?
    private let name: String
    private let plan = Mutex(Plan())
    private let token = Worker.newToken()

    /// - Parameters:
    ///   - layer: a connected or connecting layer; it stays the caller's to shut down, after ``run()``.
    ///   - concurrency: 1 to 65,536 consumers at a time.
    ///   - disconnectNotice: how long a request is worked on before the worker asks to hear that its client has left,
    ///     at least 1 ms; a quick request costs no message more. `nil`: it never does.
    ///   - hold: the broker's own `--hold`, how long a message may be held without a word: at a third of it the worker
    ///     says by itself that it works on it still. `nil`: it never does.
    ///   - clock: measures the waits before something is sent again, and `disconnectNotice`; another than the real one
    ///     is for tests.
    ///   - name: what its answers say of who has made them, for the access log of the interface server: at most 64
    ///     bytes of visible ASCII; unless given `HOST:PID`.
    ///   - logger: for what the worker says of itself; give the layer one too, which says whether a broker is in reach.
    ///   - tracer: gets a span for each HTTP request that a route answers, in the trace that the request's
    ///     `traceparent` names; the closure runs within it. `nil`: there is none.
    public init(
        layer: some ChannelLayer, concurrency: Int = 64, disconnectNotice: Duration? = .milliseconds(250),
        hold: Duration? = .seconds(600), clock: any Clock<Duration> = ContinuousClock(),
        name: String? = nil, logger: Logger = Logger(label: "seaway.worker"), tracer: (any Tracer)? = nil
    ) {
        self.layer = layer
        self.concurrency = min(max(1, concurrency), 65_536)
        self.disconnectNotice = disconnectNotice.map { max($0, .milliseconds(1)) }
        self.hold = hold
        self.clock = clock
        // What a client or a handler says cannot begin a line of its own, whatever the application logs with.
        self.logger = logger.byLines
        self.tracer = tracer
        self.name = name.map { String($0.prefix(64)) } ?? WorkMark.processName
    }

    // MARK: Routes

    /// Consumes the messages of a channel, or of a mailbox (a name that ends in `!`).
    ///
    /// ```swift
    /// worker.on("jobs.mail", acknowledged: true) { job in try await send(job.message()) }
    /// ```
    ///
    /// - Parameters:
    ///   - channel: a normal channel, or a mailbox.
    ///   - path: only those whose `path` fits, as those of WebSockets have one; see
    ///     ``on(_:method:path:_:)-(_,_,_,Responder)``.
    ///   - acknowledged: the broker keeps each message until its consumer has returned. One that throws gives it back:
    ///     with ``Retry`` when it says, with ``Dead`` never, with anything else, which is logged, after a second, twice
    ///     as long each time. A worker that dies leaves what it held to others. At least once: work whose worker dies
    ///     before the acknowledgement is done again. The channel is a normal one of at most 250 bytes, or one of dead
    ///     letters (`CHANNEL.dead`); all routes of it are acknowledged then, and ``run()`` throws where the broker does
    ///     not know that. One connection holds 1,000 messages at a time (D15), those of all its workers together.
    ///   - consumer: takes each message; several at a time.
    public func on(_ channel: String, at path: String? = nil, acknowledged: Bool = false, _ consumer: some Consumer) {
        if acknowledged { self.plan.withLock { _ = $0.terms.acknowledged.insert(channel) } }
        self.add(channel, method: nil, path: path, .consume(consumer))
    }

    /// Consumes the messages of a channel; see ``on(_:at:acknowledged:_:)-(_,_,_,Consumer)``.
    public func on(
        _ channel: String, at path: String? = nil, acknowledged: Bool = false,
        _ consume: @escaping @Sendable (IncomingMessage) async throws -> Void
    ) {
        self.on(channel, at: path, acknowledged: acknowledged, ClosureConsumer(body: consume))
    }

    /// Answers the HTTP requests of a channel whose method and path fit; those that fit no route get a 404, or a 405.
    ///
    /// - Parameters:
    ///   - channel: where a route of the interface server sends requests: `http.request` unless it says otherwise.
    ///   - method: any when `nil`; `GET` answers `HEAD` too.
    ///   - path: begins with `/`; `/users/{id}` names a segment, `/files/*` takes all that follow. Another makes
    ///     ``run()`` throw.
    ///   - responder: answers each request; several at a time.
    public func on(_ channel: String, method: String? = nil, path: String, _ responder: some Responder) {
        self.add(channel, method: method, path: path, .respond(responder))
    }

    /// Answers the HTTP requests of a channel; see ``on(_:method:path:_:)-(_,_,_,Responder)``.
    public func on(
        _ channel: String, method: String? = nil, path: String,
        _ respond: @escaping @Sendable (HTTPRequest) async throws -> HTTPResponse
    ) {
        self.on(channel, method: method, path: path, ClosureResponder(body: respond))
    }

    /// A mailbox for the sockets of one route, which nobody else has.
    func mailboxForSockets() -> String {
        self.plan.withLock { plan in
            plan.socketMailboxes += 1
            return "websocket.worker.\(self.token).\(plan.socketMailboxes)!"
        }
    }

    func add(_ channel: String, method: String?, path: String?, _ action: RouteTable.Action) {
        self.plan.withLock { plan in
            do throws(WorkerError) {
                var route = RouteTable.Route(method: method, action: action)
                if let path { route.pattern = try PathPattern(path) }
                plan.table.add(route, to: channel)
                if route.isAnswered(on: channel) { plan.terms.acknowledgedIfKnown.insert(channel) }
            } catch {
                plan.fault = plan.fault ?? error
            }
        }
    }

    // MARK: Running

    /// Works until SIGTERM or SIGINT, then takes no more, finishes, and returns.
    ///
    /// - Parameter grace: how long what is under way may take then; it is cancelled after that.
    /// - Throws: what ``run()`` throws.
    public func runService(grace: Duration = .seconds(30)) async throws {
        var configuration = ServiceGroupConfiguration(
            services: [.init(service: self, successTerminationBehavior: .gracefullyShutdownGroup)],
            gracefulShutdownSignals: [.sigterm, .sigint], logger: self.logger)
        configuration.maximumGracefulShutdownDuration = grace
        try await ServiceGroup(configuration: configuration).run()
    }

    /// Works until the task is cancelled or the service is asked to shut down: then takes no more, finishes, and
    /// returns.
    ///
    /// - Throws: ``WorkerError``: `pattern` for a route that makes no sense, `notListening` when there are no routes,
    ///   or when the broker refuses the channels or another reader has taken one; what was taken by then is finished
    ///   before.
    public func run() async throws {
        let plan = self.plan.withLock { $0 }
        if let fault = plan.fault { throw fault }
        let channels = plan.table.channels
        guard !channels.isEmpty else { throw WorkerError(.notListening, name: "no routes") }
        let queue = WorkQueue<WorkerRun.Job>()
        let failure = FirstFailure()
        let kept = KeptSockets()
        let log = WorkerLog(channels, self.logger)
        let layer = self.layer
        var terms = plan.terms
        terms.hold = self.hold
        let listening = layer.listen(to: channels, terms: terms) { delivery in
            // One credit was spent, however many channels there are.
            for (place, channel) in delivery.channels.enumerated() {
                let message = IncomingMessage(
                    delivery.body, channel: channel, group: delivery.group, layer: layer, held: delivery.held,
                    deadLetter: delivery.deadLetter)
                queue.begin(.consume(message, credit: place == 0 ? 1 : 0))
            }
        } event: { event in
            log.say(event)
            if case .interrupted = event { kept.forgetAll() }
            guard let error = WorkerError(event, channels) else { return }
            failure.note(error)
            queue.close()
        }
        // One more where sockets are kept, which gives them back while all others are busy.
        let stopwatch = Stopwatch(self.clock)
        let seats = Seats(
            count: plan.socketMailboxes > 0 ? self.concurrency + 1 : self.concurrency, notice: self.disconnectNotice,
            stopwatch: stopwatch)
        let run = WorkerRun(
            layer: layer, table: plan.table, queue: queue, listening: listening, kept: kept, seats: seats,
            stopwatch: stopwatch, clock: self.clock, name: self.name, logger: self.logger, tracer: self.tracer)
        listening.ready(self.concurrency)
        await withTaskCancellationOrGracefulShutdownHandler {
            await self.work(run, seats)
        } onCancelOrGracefulShutdown: {
            log.sayLeaving(underWay: queue.unended)
            guard kept.isEmpty else { return queue.begin(.leave) }
            listening.stop { queue.close() }
        }
        log.sayLeft()
        if let error = failure.error { throw error }
    }

    /// Works until all is done, while others look whether that is still waited for.
    private func work(_ run: WorkerRun, _ seats: Seats) async {
        let watch = DisconnectWatch(
            layer: self.layer, seats: seats, logger: self.logger, mailbox: "http.disconnect.\(Self.newToken())!")
        await withDiscardingTaskGroup { group in
            group.addTask { await watch.run() }
            await run.work()
            seats.close()
            group.cancelAll()
        }
        await watch.stop()
    }

    /// 26 of `a–z 0–9`, 128 bits drawn at random: nobody who was not told the name of a mailbox finds it (I27, W18).
    private static func newToken() -> String {
        let words = (0..<2).map { _ in String(UInt64.random(in: .min ... .max), radix: 36) }
        return words.map { String(repeating: "0", count: 13 - $0.count) + $0 }.joined()
    }
}

/// Why the listening of a worker has ended, if it was not asked to.
private final class FirstFailure: Sendable {
    private let first = Mutex<WorkerError?>(nil)

    var error: WorkerError? { self.first.withLock { $0 } }

    func note(_ error: WorkerError) { self.first.withLock { $0 = $0 ?? error } }
}

extension WorkerError {
    /// - Returns: `nil` when listening goes on.
    fileprivate init?(_ event: ListeningEvent, _ channels: [String]) {
        switch event {
        case .started, .interrupted, .weakened, .forsaken: return nil
        case .lost(let name): self.init(.notListening, name: name)
        case .refused(let refusal):
            self.init(.notListening, name: channels.joined(separator: " "), refusal: refusal)
        }
    }
}
