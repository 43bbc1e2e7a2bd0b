import Logging
import NIOConcurrencyHelpers
import NIOCore
import SeawayMessage
import SeawayNIO
import SeawayWire

/// What a ``WireLayer`` is doing: requests out, answers and deliveries in. Lives on its event loop.
final class WireCore {
    private struct Request {
        let request: WireRequest
        let waiter: WireWaiter
    }

    /// Beyond this the memory of the output is given back after use.
    private static let standingOutput = 65_536
    /// So many bytes of a turn are sent before its end, and from then on twice as many each time: the broker begins
    /// while this process still reads a long turn. A short one is one write, since each costs a wake-up of the broker
    /// and, of what that hands on, of a reader.
    private static let firstPart = 16_384
    /// How often deadlines are looked after.
    static let checkInterval = TimeAmount.milliseconds(100)

    let configuration: WireLayerConfiguration
    private let eventLoop: any EventLoop
    let logger: Logger
    private let life: NIOLockedValueBox<WireLife>
    private(set) lazy var link = WireLink(self.configuration, self.eventLoop, self.logger, core: self)
    private var session = ClientSession<WireWaiter>()
    var listenings = ClientListenings<WireListening>()
    var watches = ClientWatches()
    /// What this layer looks on at.
    var tail: WireTail?
    private var waiting = ClientWaiting<Request>()
    var output = ByteBuffer()
    private var nextPart = WireCore.firstPart
    private var isTurnEnding = false
    private var isFlushing = false
    /// Bytes of a body; what this broker takes once it has said so.
    private var maxBody = WireLimits().maxSkippedBody
    /// What this broker knows, once it has said so (H2).
    private(set) var features: Set<String> = [] { didSet { self.takesReports = self.features.contains("report") } }
    private(set) var takesReports = false
    /// The log has said that it does not report.
    var hasSaidUnreported = false
    var holdings = WireHoldings()
    /// The layer, once somebody has listened: who holds what comes by it.
    var holder: ObjectIdentifier?
    private var checks: RepeatedTask?
    /// The connection that there is, or was last.
    private(set) var carrier = Carrier()
    private var lostConnections: LostConnections
    /// Told what happens to the connection, before those who wait are.
    var observer: ((WireNews) -> Void)?

    init(
        _ configuration: WireLayerConfiguration, _ eventLoop: any EventLoop, _ logger: Logger,
        _ life: NIOLockedValueBox<WireLife>
    ) {
        self.configuration = configuration
        self.eventLoop = eventLoop
        self.logger = logger
        self.life = life
        self.lostConnections = LostConnections(failover: configuration.failoverInMilliseconds)
    }

    private var bound: NIOLoopBound<WireCore> { NIOLoopBound(self, eventLoop: self.eventLoop) }
    static var now: Int { Int(NIODeadline.now().uptimeNanoseconds / 1_000_000) }

    // MARK: The layer's life

    func start() {
        guard self.checks == nil, !self.link.isOver else { return }
        let bound = self.bound
        self.checks = self.eventLoop.scheduleRepeatedTask(
            initialDelay: Self.checkInterval, delay: Self.checkInterval
        ) { _ in bound.value.check() }
        self.link.start()
    }

    func shutDown() -> EventLoopFuture<Void> {
        self.checks?.cancel()
        let left = self.link.leave {
            self.sayAcknowledgements()
            self.write(.quit, .quit)
        }
        self.refuseWaiting(self.whyOver)
        return left
    }

    var whyOver: Refusal { self.life.withLockedValue(\.whyOver) }

    private func check() {
        let now = Self.now
        while let request = self.waiting.popOverdue(at: now) {
            request.waiter.refuse(self.link.whyMissing)
        }
        if self.link.check(at: now) { self.write(.ping, .nobody) }
        self.holdAnew(now: now)
        while let connection = self.lostConnections.popOverdue(at: now) {
            for listening in self.listenings.handles { listening.event(.forsaken(Carrier(connection: connection))) }
        }
    }

    private func refuseWaiting(_ refusal: Refusal) {
        for one in self.holdings.takeAll() { one.answer(.refused(refusal)) }
        while let request = self.waiting.pop() { request.waiter.refuse(refusal) }
    }

    // MARK: The connection's life

    func greet(_ hello: String) {
        self.output.writeString(hello)
        self.session.ask(.hello)
        self.flush()
    }

    func connected() {
        self.life.withLockedValue { $0.isConnected = true }
        self.carrier.connection += 1
        for listening in self.listenings.handles { self.tellListening(listening) }
        self.watchAgain()
        self.askForTail()
        while let request = self.waiting.pop() { self.write(request.request, request.waiter) }
        self.observer?(.connected)
    }

    /// Nobody knows what became of what was not answered.
    func disconnected() {
        let wasConnected = self.life.withLockedValue { life in
            defer { life.isConnected = false }
            return life.isConnected
        }
        if wasConnected { self.lostConnections.add(self.carrier.connection, heardAt: self.link.brokerHeardAt) }
        self.output.clear()
        self.observer?(.disconnected)
        for listening in self.listenings.disconnect() { listening.event(.interrupted) }
        self.tail?.event(.interrupted)
        let unanswered = self.session.takeUnanswered()
        self.holdings.lost(unanswered: unanswered.flatMap(\.acknowledgements))
        for waiter in unanswered {
            if case .stop(let listening) = waiter { self.end(listening) } else { waiter.leaveUnknown(self.carrier) }
        }
    }

    /// The broker does not want this client: whatever waits is refused, and nothing is tried again.
    func end(_ refusal: Refusal) {
        self.logger.error(
            "refused by the broker",
            metadata: ["broker": "\(self.configuration.broker)", "reason": "\(refusal)"])
        self.life.withLockedValue { $0.refusal = refusal }
        self.checks?.cancel()
        self.link.end()
        let tail = self.tail.take()
        self.disconnected()
        self.refuseWaiting(refusal)
        for listening in self.listenings.handles {
            self.end(listening)
            listening.event(.refused(refusal))
        }
        tail?.event(.refused(refusal))
    }

    // MARK: Requests

    func ask(_ request: WireRequest, _ waiter: WireWaiter) {
        if let fault = request.fault { return waiter.refuse(fault) }
        guard !self.link.isOver else {
            return waiter.refuse(self.whyOver)
        }
        guard self.hasRoom(for: request) else {
            return waiter.refuse(self.configuration.tooMuchWaits)
        }
        if self.link.isConnected {
            self.write(request, waiter)
            return self.flushPart()
        }
        let deadline = Self.now + Int(self.configuration.connectPatience / .milliseconds(1))
        self.waiting.append(Request(request: request, waiter: waiter), size: request.size, deadline: deadline)
    }

    private func hasRoom(for request: WireRequest) -> Bool {
        self.session.unanswered + self.waiting.count < self.configuration.maxPending
            && self.output.readableBytes + self.waiting.size + request.size <= self.configuration.maxPendingBytes
    }

    func write(_ request: WireRequest, _ waiter: WireWaiter) {
        // A body that is far too long would end the connection, and every other request with it.
        guard request.bodySize <= self.maxBody else {
            return waiter.refuse(Refusal(.size(limit: self.maxBody, given: request.bodySize)))
        }
        guard !request.hasBounds || self.features.contains("bounds") else {
            return waiter.refuse(Refusal(code: "unknown", text: "the broker does not know Capacity and Expiry"))
        }
        if case .sendOnTerms(let send) = request {
            switch self.onTerms(send, waiter) {
            case .failure(let refusal): return waiter.refuse(refusal)
            case .success(let (send, waiter)): return self.put(.sendOnTerms(send), waiter)
            }
        }
        self.put(request, waiter)
    }

    private func put(_ request: WireRequest, _ waiter: WireWaiter) {
        self.known(request).write(to: &self.output)
        self.session.ask(waiter)
        self.endTurnSoon()
    }

    func write(_ lines: [ClientLine], _ waiter: WireWaiter) {
        for line in lines { self.write(.line(line), waiter) }
    }

    // MARK: Turns

    func endTurnSoon() {
        guard !self.isTurnEnding else { return }
        self.isTurnEnding = true
        let bound = self.bound
        self.eventLoop.execute { bound.value.endTurn() }
    }

    /// Sends what a turn of the loop has gathered in one write.
    private func endTurn() {
        self.isTurnEnding = false
        self.nextPart = Self.firstPart
        if self.link.isConnected {
            // First, since who holds as much as it may is given nothing more.
            self.sayAcknowledgements()
            for credit in self.listenings.takeCredit() { self.write(credit) }
        }
        self.flush()
    }

    func write(_ credit: ClientListenings<WireListening>.Credit) {
        self.output.writeStaticString("READY ")
        self.output.writeDecimal(credit.count)
        if let account = credit.account { self.output.writeString(" \(account)") }
        self.output.writeStaticString("\n")
    }

    private func flushPart() {
        guard self.output.readableBytes >= self.nextPart else { return }
        self.nextPart *= 2
        self.flush()
    }

    /// What cannot be written now stays here, where it is counted.
    func flush() {
        guard self.output.readableBytes > 0, let channel = self.link.channel, channel.isWritable, !self.isFlushing
        else { return }
        // A large write changes whether the channel is writable, twice, and so comes back here.
        self.isFlushing = true
        channel.writeAndFlush(self.output, promise: nil)
        self.isFlushing = false
        if self.output.capacity > Self.standingOutput {
            self.output = ByteBuffer()
        } else {
            self.output.clear()
        }
    }

    // MARK: Frames

    /// Whatever comes is a sign of life.
    func receivedBytes() { self.link.brokerWasHeard() }

    func receive(_ frame: ServerFrame, body: Span<UInt8>) {
        switch frame {
        case .message(let channels, let group): return self.deliver(channels, group, body)
        case .noted(let channels, let options): return self.deliver(channels, options, body)
        case .copy(let channels, let group):
            let copy = Delivery(channels: channels, group: group, body: Payload(messagePack: body.array))
            self.tail?.event(.copy(copy))
            return
        default: break
        }
        switch self.session.receive(frame) {
        case .answer(.data, .look(let answer)): answer(.data(body.array))
        case .answer(let answer, let waiter): self.answer(answer, waiter)
        case .push(let push): self.take(push)
        case .unexpected: self.link.drop("an answer to nothing")
        }
    }

    private func deliver(_ channels: [String], _ group: String?, _ body: Span<UInt8>) {
        guard let first = channels.first, let listening = self.listenings.deliver(to: first) else { return }
        listening.receive(Delivery(channels: channels, group: group, body: Payload(messagePack: body.array)))
    }

    private func answer(_ answer: ServerFrame, _ waiter: WireWaiter) {
        switch (answer, waiter) {
        case (.ok, .send(let answer)), (.pong, .send(let answer)): answer(.done)
        case (.ok, .carriedSend(let answer)): answer(.done, self.carrier)
        case (_, .acknowledging(let message, let isSaid, let waiter)):
            if case .ok = answer { self.acknowledged(message, isSaid: isSaid) }
            self.answer(answer, waiter)
        case (.ok, .acknowledge(let says)): for one in says { one.answer(.done) }
        case (.refused, .hold(let messages)): self.holdRefused(messages)
        case (.ok(let options), .groupSend(let answer)): answer(GroupAnswer(options))
        case (.ok, .watch(let group, let channel, let answer)):
            self.watches.began(group, channel)
            answer(.done)
        case (.ok, .unwatch(let group, let channel, let answer)):
            self.watches.end(group, channel)
            answer(.done)
        case (.refused(let code, let text), .watch(let group, let channel, let answer)):
            self.watches.end(group, channel)
            answer(.refused(Refusal(code: code, text: text)))
        case (.ok(let options), .listen(let listening)): self.listened(listening, options)
        case (.refused(let code, let text), .listen(let listening)):
            self.listenRefused(listening, Refusal(code: code, text: text))
        case (_, .stop(let listening)): self.end(listening)
        case (_, .close(let done)): done()
        case (.hello(let options), .hello):
            self.maxBody = options["max-body"].flatMap { Int($0) } ?? WireLimits().maxBody
            self.features = Set((options["features"] ?? "").split(separator: ",").map(String.init))
            let late = self.holdings.greeted(
                epoch: options["epoch"] ?? "", connection: self.carrier.connection + 1)
            for one in late { one.answer(.refused(WireHoldings.late)) }
            self.observer?(.greeted(name: options["name"], warm: options["warm"].flatMap { Int($0) } ?? 0))
            self.link.didGreet()
        case (.refused(let code, let text), .hello): self.end(Refusal(code: code, text: text))
        case (.refused, .pause(let channel, let number)): self.listenings.pauseRefused(channel, number)
        // What was asked is carried out or not, as if the connection had broken (D18).
        case (.refused("maybe", _), _): waiter.leaveUnknown(self.carrier)
        case (.refused(let code, let text), _): waiter.refuse(Refusal(code: code, text: text))
        case (_, .quit): self.link.channel?.close(promise: nil)
        case (_, .nobody), (.ok, .pause), (.ok, .hold): break
        default: self.link.drop("an answer of another kind than was asked for")
        }
    }

    private func take(_ push: ServerFrame) {
        switch push {
        case .ping:
            self.output.writeStaticString("PONG\n")
            self.endTurnSoon()
        case .missed(let count): self.tail?.event(.missed(count))
        case .joined(let group, let channels):
            self.listenings.joined(group, channels)
            self.observer?(.joined(group, channels))
        case .left(let group, let channels):
            self.listenings.left(group, channels)
            self.observer?(.left(group, channels))
        case .lost(let name):
            guard let (listening, lines, withdrawsCredit) = self.listenings.lost(name) else { return }
            if withdrawsCredit { self.output.writeStaticString("READY 0\n") }
            self.write(lines, .nobody)
            self.endTurnSoon()
            listening.stopped()
            listening.event(.lost(name: name))
        case .bye(let reason, let text):
            self.logger.info(
                "the broker says goodbye", metadata: ["reason": "\(reason?.rawValue ?? "unknown")", "text": "\(text)"])
            self.link.heardGoodbye("\(reason?.rawValue ?? "") \(text)")
            self.observer?(.leaving)
            // One that is not known is of a later version, which will know whether to let this client in.
            if let reason, !reason.mayReturn { self.end(Refusal(code: reason.rawValue, text: text)) }
        default: break
        }
    }

    /// The stream of the broker cannot be read any further.
    func broke(_ error: StreamError) { self.link.drop("the broker's stream is not the protocol: \(error.text)") }
}
