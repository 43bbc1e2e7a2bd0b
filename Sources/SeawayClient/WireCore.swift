import DequeModule
import Logging
import NIOConcurrencyHelpers
import NIOCore
import NIOPosix
import SeawayMessage
import SeawayNIO
import SeawayWire

/// The state of a ``WireLayer``; lives on its event loop.
final class WireCore {
    private enum State {
        case idle
        case connecting
        /// Connected; the broker has not answered `HELLO`.
        case greeting(any Channel)
        case connected(any Channel)
        /// Told to leave; the promise waits for the connection to end.
        case leaving((any Channel)?, EventLoopPromise<Void>)
        /// The broker does not want this client again (`BYE line`, `BYE auth`), or it has left.
        case over
    }

    /// A request that waits for a connection.
    private struct Waiting {
        let request: WireRequest
        let waiter: WireWaiter
        let until: NIODeadline
    }

    private let configuration: WireLayerConfiguration
    private let eventLoop: any EventLoop
    private let logger: Logger
    private let isConnected: NIOLockedValueBox<Bool>
    private var state = State.idle
    private var session = ClientSession<WireWaiter>()
    private var waiting: Deque<Waiting> = []
    private var waitingBytes = 0
    private var output = ByteBuffer()
    private var isFlushScheduled = false
    private var backoff: Backoff
    private var listenings: [ObjectIdentifier: ListeningState] = [:]
    /// Who reads a name.
    private var readers: [String: ObjectIdentifier] = [:]
    private var memberships = Memberships()
    /// What is joined again if the broker has lost it, by listening.
    private var restoring: [ObjectIdentifier: [(group: String, channel: String)]] = [:]
    private var paused: Set<String> = []
    private var heardAt = NIODeadline.now()
    private var hasPinged = false
    private var check: RepeatedTask?

    init(
        _ configuration: WireLayerConfiguration, _ eventLoop: any EventLoop, _ logger: Logger,
        _ isConnected: NIOLockedValueBox<Bool>
    ) {
        self.configuration = configuration
        self.eventLoop = eventLoop
        self.logger = logger
        self.isConnected = isConnected
        self.backoff = Backoff(first: configuration.firstBackoff, most: configuration.maxBackoff)
    }

    private var bound: NIOLoopBound<WireCore> { NIOLoopBound(self, eventLoop: self.eventLoop) }

    // MARK: Connecting

    func start() {
        guard case .idle = self.state else { return }
        let bound = self.bound
        self.check = self.eventLoop.scheduleRepeatedTask(
            initialDelay: .milliseconds(100), delay: .milliseconds(100)
        ) { _ in bound.value.checkDeadlines() }
        self.connect()
    }

    private func connect() {
        self.state = .connecting
        let bound = self.bound
        let bootstrap = ClientBootstrap(group: self.eventLoop)
            .connectTimeout(TimeAmount(self.configuration.connectTimeout))
            .channelOption(
                .recvAllocator, value: AdaptiveRecvByteBufferAllocator(minimum: 1_024, initial: 4_096, maximum: 262_144)
            )
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandler(WireHandler(core: bound.value))
                }
            }
        let connecting =
            switch self.configuration.broker.target {
            case .tcp(let host, let port):
                bootstrap.channelOption(.tcpOption(.tcp_nodelay), value: 1).connect(host: host, port: port)
            case .unix(let path): bootstrap.connect(unixDomainSocketPath: path)
            }
        connecting.whenComplete { bound.value.didConnect($0) }
    }

    private func didConnect(_ result: Result<any Channel, any Error>) {
        guard case .connecting = self.state else {
            if case .success(let channel) = result { channel.close(promise: nil) }
            return
        }
        switch result {
        case .failure(let error):
            self.logger.debug("no broker", metadata: ["broker": "\(self.configuration.broker)", "error": "\(error)"])
            self.connectLater()
        case .success(let channel):
            self.state = .greeting(channel)
            self.heardAt = .now()
            self.hasPinged = false
            let heartbeat = Int(self.configuration.heartbeat / .milliseconds(1))
            self.output.writeString(
                "HELLO 1 format=msgpack client=\(self.configuration.clientName) heartbeat=\(heartbeat)\n")
            self.session.ask(.hello)
            self.flush()
        }
    }

    private func connectLater() {
        let bound = self.bound
        self.state = .connecting
        self.eventLoop.scheduleTask(in: TimeAmount(self.backoff.next())) {
            guard case .connecting = bound.value.state else { return }
            bound.value.connect()
        }
    }

    private func didGreet(_ channel: any Channel) {
        self.state = .connected(channel)
        self.backoff.reset()
        self.isConnected.withLockedValue { $0 = true }
        self.logger.debug("connected", metadata: ["broker": "\(self.configuration.broker)"])
        for id in self.listenings.keys { self.sendListen(id) }
        let waiting = self.waiting
        self.waiting.removeAll()
        self.waitingBytes = 0
        for one in waiting { self.write(one.request, one.waiter) }
    }

    /// The connection has ended: nobody knows what became of what was not answered.
    func lost(_ channel: any Channel) {
        switch self.state {
        case .greeting(let current), .connected(let current):
            guard current === channel else { return }
            self.giveUp()
            self.connectLater()
        case .leaving(_, let promise):
            self.giveUp()
            self.state = .over
            promise.succeed(())
        case .idle, .connecting, .over: break
        }
    }

    private func giveUp() {
        self.isConnected.withLockedValue { $0 = false }
        self.output = ByteBuffer()
        for (id, var listening) in self.listenings where listening.isListening {
            listening.isListening = false
            self.listenings[id] = listening
            listening.handle.event(.interrupted)
        }
        for waiter in self.session.takeUnanswered() { waiter.giveUp() }
    }

    /// Ends the connection for a fault of the other side.
    func broke(_ reason: String) {
        self.logger.error("the connection is given up", metadata: ["reason": "\(reason)"])
        self.channel?.close(promise: nil)
    }

    private var channel: (any Channel)? {
        switch self.state {
        case .greeting(let channel), .connected(let channel): channel
        case .leaving(let channel, _): channel
        case .idle, .connecting, .over: nil
        }
    }

    func shutDown() -> EventLoopFuture<Void> {
        self.check?.cancel()
        let promise = self.eventLoop.makePromise(of: Void.self)
        switch self.state {
        case .leaving(_, let earlier): earlier.futureResult.cascade(to: promise)
        case .connected(let channel):
            self.write(.quit, .quit)
            self.state = .leaving(channel, promise)
        case .greeting(let channel):
            self.state = .leaving(channel, promise)
            channel.close(promise: nil)
        case .idle, .connecting, .over:
            self.state = .over
            promise.succeed(())
        }
        for one in self.waiting { one.waiter.refuse(Refusal(code: "unreachable", text: "this layer has left")) }
        self.waiting.removeAll()
        return promise.futureResult
    }

    // MARK: Requests

    func ask(_ request: WireRequest, _ waiter: WireWaiter) {
        if let fault = request.fault { return waiter.refuse(fault) }
        let isRoomy =
            self.session.unanswered + self.waiting.count < self.configuration.maxPending
            && self.output.readableBytes + self.waitingBytes + request.size <= self.configuration.maxPendingBytes
        guard isRoomy else { return waiter.refuse(Refusal(code: "limit", text: "too much waits for the broker")) }
        switch self.state {
        case .connected: self.write(request, waiter)
        case .idle, .connecting, .greeting:
            let until = NIODeadline.now() + TimeAmount(self.configuration.connectPatience)
            self.waiting.append(Waiting(request: request, waiter: waiter, until: until))
            self.waitingBytes += request.size
        case .leaving, .over: waiter.refuse(Refusal(code: "unreachable", text: "this layer has left"))
        }
    }

    private func write(_ request: WireRequest, _ waiter: WireWaiter) {
        request.write(to: &self.output)
        self.session.ask(waiter)
        self.scheduleFlush()
    }

    /// Sends what a turn of the loop has gathered in one write.
    func flush() {
        guard let channel = self.channel, channel.isWritable, self.output.readableBytes > 0 else { return }
        let output = self.output
        self.output = ByteBuffer()
        channel.writeAndFlush(output, promise: nil)
    }

    private func scheduleFlush() {
        guard !self.isFlushScheduled else { return }
        self.isFlushScheduled = true
        let bound = self.bound
        self.eventLoop.execute {
            bound.value.isFlushScheduled = false
            bound.value.tellCredit()
            bound.value.flush()
        }
    }

    // MARK: Listening

    func listen(_ handle: WireListening) {
        let id = ObjectIdentifier(handle)
        let isSecondShared = handle.names.count > 1 && self.listenings.values.contains { $0.purse == nil }
        guard !isSecondShared else {
            return handle.event(
                .refused(Refusal(code: "limit", text: "one listening on several names for each layer")))
        }
        if let fault = WireRequest.names("LISTEN", handle.names).fault { return handle.event(.refused(fault)) }
        self.listenings[id] = ListeningState(handle: handle)
        for name in handle.names { self.readers[name] = id }
        if case .connected = self.state { self.sendListen(id) }
    }

    private func sendListen(_ id: ObjectIdentifier) {
        guard let handle = self.listenings[id]?.handle else { return }
        let mailboxes = handle.names.filter { $0.hasSuffix("!") }
        self.restoring[id] = mailboxes.flatMap { self.memberships.take(mailbox: $0) }
        self.write(.names("LISTEN", handle.names, option: mailboxes.isEmpty ? nil : "members=1"), .listen(id))
    }

    private func didListen(_ id: ObjectIdentifier, _ options: WireOptions) {
        guard var listening = self.listenings[id] else { return }
        let isKept = options["state"] != "fresh"
        listening.isListening = true
        listening.untold = listening.credit
        self.listenings[id] = listening
        self.restore(id, isKept: isKept)
        self.scheduleFlush()
        listening.handle.event(.started(kept: isKept))
    }

    /// Joins again what the broker has lost, and pauses again what was paused.
    private func restore(_ id: ObjectIdentifier, isKept: Bool) {
        let known = self.restoring.removeValue(forKey: id) ?? []
        for channel in self.paused where self.reader(of: channel) == id {
            self.write(.names("PAUSE", [channel]), .nobody)
        }
        guard !isKept else { return }
        for (group, channel) in known where !self.memberships.contains(channel, in: group) {
            self.write(.names("JOIN", [group, channel]), .nobody)
        }
    }

    private func reader(of channel: String) -> ObjectIdentifier? {
        if let id = self.readers[channel] { return id }
        guard let mark = channel.utf8.firstIndex(of: UInt8(ascii: "!")) else { return nil }
        return self.readers[String(channel[...mark])]
    }

    func ready(_ handle: WireListening, _ count: Int) {
        let id = ObjectIdentifier(handle)
        guard var listening = self.listenings[id] else { return }
        listening.credit = min(listening.credit + count, Request.mostCredit)
        listening.untold = min(listening.untold + count, Request.mostCredit)
        self.listenings[id] = listening
        self.scheduleFlush()
    }

    /// Tells the broker of all credit that was granted in this turn.
    private func tellCredit() {
        guard case .connected = self.state else { return }
        for (id, listening) in self.listenings where listening.isListening && listening.untold > 0 {
            self.output.writeString("READY \(listening.untold)\(listening.purse.map { " \($0)" } ?? "")\n")
            self.listenings[id]?.untold = 0
        }
    }

    func stop(_ handle: WireListening, _ done: @escaping @Sendable () -> Void) {
        let id = ObjectIdentifier(handle)
        guard let listening = self.listenings[id] else { return done() }
        guard listening.isListening, case .connected = self.state else {
            self.forget(id)
            return done()
        }
        let bound = self.bound
        self.write(
            .names("UNLISTEN", handle.names),
            .send { _ in
                // What was on its way has come by now.
                bound.value.forget(id)
                done()
            })
    }

    private func forget(_ id: ObjectIdentifier) {
        guard let listening = self.listenings.removeValue(forKey: id) else { return }
        for name in listening.handle.names where self.readers[name] == id {
            self.readers[name] = nil
            if name.hasSuffix("!") { _ = self.memberships.take(mailbox: name) }
        }
    }

    func pause(_ channel: String) {
        guard self.paused.insert(channel).inserted, case .connected = self.state else { return }
        self.write(.names("PAUSE", [channel]), .nobody)
    }

    func resume(_ channel: String) {
        guard self.paused.remove(channel) != nil, case .connected = self.state else { return }
        self.write(.names("RESUME", [channel]), .nobody)
    }

    func close(_ channels: [String]) {
        for channel in channels {
            self.paused.remove(channel)
            self.memberships.closed(channel)
            let request = WireRequest.names("CLOSE", [channel])
            if request.fault == nil, case .connected = self.state { self.write(request, .nobody) }
        }
    }

    // MARK: Frames

    func receive(_ frame: ServerFrame, body: Span<UInt8>) {
        self.heardAt = .now()
        self.hasPinged = false
        if case .message(let channels, let group) = frame { return self.deliver(channels, group, body) }
        switch self.session.receive(frame) {
        case .answer(let answer, let waiter): self.answer(answer, waiter)
        case .push(let push): self.take(push)
        case .unexpected: self.broke("an answer to nothing")
        }
    }

    private func deliver(_ channels: [String], _ group: String?, _ body: Span<UInt8>) {
        guard let first = channels.first, let id = self.reader(of: first), var listening = self.listenings[id] else {
            return
        }
        listening.credit = max(0, listening.credit - 1)
        self.listenings[id] = listening
        listening.handle.receive(Delivery(channels: channels, group: group, body: Payload(messagePack: body.array)))
    }

    private func answer(_ answer: ServerFrame, _ waiter: WireWaiter) {
        switch (answer, waiter) {
        case (.hello, .hello):
            if case .greeting(let channel) = self.state { self.didGreet(channel) }
        case (.ok(let options), .listen(let id)): self.didListen(id, options)
        case (.refused(let code, let text), .listen(let id)):
            let handle = self.listenings[id]?.handle
            self.forget(id)
            handle?.event(.refused(Refusal(code: code, text: text)))
        case (.ok, .send(let answer)): answer(.done)
        case (.ok(let options), .groupSend(let answer)):
            let counts = ["sent", "full", "gone"].map { options[$0].flatMap { Int($0) } ?? 0 }
            answer(.sent(counts[0], full: counts[1], gone: counts[2]))
        case (.refused(let code, let text), .hello): self.end("\(code) \(text)")
        case (.refused(let code, let text), _): waiter.refuse(Refusal(code: code, text: text))
        case (_, .quit): self.channel?.close(promise: nil)
        case (_, .nobody): break
        default: self.broke("an answer of another kind than was asked for")
        }
    }

    private func take(_ push: ServerFrame) {
        switch push {
        case .ping:
            self.output.writeStaticString("PONG\n")
            self.scheduleFlush()
        case .joined(let group, let channels): self.memberships.joined(group, channels)
        case .left(let group, let channels): self.memberships.left(group, channels)
        case .lost(let name):
            guard let id = self.readers[name], let handle = self.listenings[id]?.handle else { return }
            self.forget(id)
            handle.event(.lost(name: name))
        case .bye(let reason, let text):
            self.logger.info("the broker says goodbye", metadata: ["reason": "\(reason?.rawValue ?? "?") \(text)"])
            if reason?.mayReturn == false { self.end(text) }
        default: break
        }
    }

    /// The broker will not have this client: whatever waits is refused, and nothing is tried again.
    private func end(_ reason: String) {
        self.logger.critical("the broker refuses this client", metadata: ["reason": "\(reason)"])
        let channel = self.channel
        self.giveUp()
        self.state = .over
        for one in self.waiting { one.waiter.refuse(Refusal(code: "unreachable", text: reason)) }
        self.waiting.removeAll()
        channel?.close(promise: nil)
    }

    // MARK: Time

    private func checkDeadlines() {
        let now = NIODeadline.now()
        while let first = self.waiting.first, first.until <= now {
            self.waiting.removeFirst()
            self.waitingBytes -= first.request.size
            first.waiter.refuse(Refusal(code: "unreachable", text: "no connection to \(self.configuration.broker)"))
        }
        guard self.configuration.heartbeat > .zero, let channel = self.channel else { return }
        let silence = now - self.heardAt
        let heartbeat = TimeAmount(self.configuration.heartbeat)
        if silence > heartbeat * 3 {
            self.logger.warning("the broker is silent", metadata: ["broker": "\(self.configuration.broker)"])
            channel.close(promise: nil)
        } else if silence > heartbeat, !self.hasPinged, case .connected = self.state {
            self.hasPinged = true
            self.write(.ping, .nobody)
        }
    }
}
