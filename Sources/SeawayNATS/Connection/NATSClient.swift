package import NIOCore
import NIOPosix
import NIOSSL
package import SeawayNIO

/// A client of NATS servers on one event loop: carries out what its ``NATSSession`` decides.
///
/// Everything is called on that loop. What one turn of the loop says leaves in one write. It lives until it leaves.
package final class NATSClient {
    package typealias Completion = (NATSOutcome) -> Void

    /// What becomes of the connection, for who shows or logs it.
    package enum News: Hashable, Sendable {
        case connected(NATSServerInfo)
        /// In words.
        case away(String)
        case complaint(String)
        case over(NATSFault)
    }

    package let eventLoop: any EventLoop
    private let tls: ClientIdentity?
    private let connectPatience: TimeAmount
    private var session: NATSSession<Completion>
    private var channel: (any Channel)?
    /// Attempts to connect are told apart by it.
    private var attempt = 0
    /// Why the connection ends, where something has said it.
    private var reason: String?
    private var handlers: [UInt64: (NATSMessage) -> Void] = [:]
    private var consumers: [ObjectIdentifier: PulledConsumer] = [:]
    private var consumerCount = 0
    private var gatherCount = 0
    private var ticker: RepeatedTask?
    private var isCarryingOut = false
    private var isScheduled = false
    private let news: (News) -> Void

    /// - Parameter tls: whom servers with TLS are to be vouched for by; `nil`: the authorities of this machine.
    package init(
        _ configuration: NATSConfiguration, tls: ClientIdentity? = nil, on eventLoop: any EventLoop,
        news: @escaping (News) -> Void = { _ in }
    ) {
        self.eventLoop = eventLoop
        self.tls = tls
        self.connectPatience = .milliseconds(Int64(configuration.connectPatience))
        self.news = news
        let letters = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789")
        let token = String((0..<22).map { _ in letters[.random(in: letters.indices)] })
        self.session = NATSSession(configuration, token: token)
    }

    static var now: Int { Int(NIODeadline.now().uptimeNanoseconds / 1_000_000) }

    /// What the server that is connected says of itself.
    package var server: NATSServerInfo? { self.session.server }
    /// All servers that are known.
    package var servers: [NATSAddress] { self.session.servers }
    /// Requests without an answer.
    package var waitingCount: Int { self.session.waitingCount }

    package func start() {
        let client = NIOLoopBound(self, eventLoop: self.eventLoop)
        self.ticker = self.eventLoop.scheduleRepeatedTask(initialDelay: .milliseconds(50), delay: .milliseconds(50)) {
            _ in client.value.tick()
        }
        self.session.start(at: Self.now)
        self.carryOut()
    }

    private func tick() {
        let now = Self.now
        self.session.timePassed(at: now)
        for consumer in self.consumers.values { consumer.timePassed(at: now) }
        self.carryOut()
    }

    /// Ends the connection; what was asked and has no answer is unknown.
    package func leave() {
        self.session.leave()
        self.carryOut()
    }

    // MARK: Asking

    /// Asks for one answer, and says once what became of it.
    ///
    /// - Parameter patience: milliseconds.
    package func request(
        _ subject: String, headers block: [UInt8] = [], _ payload: some Collection<UInt8>, patience: Int,
        _ completion: @escaping Completion
    ) {
        self.ask(completion) { session throws(NATSRefusal) in
            try session.request(subject, headers: block, payload, completion, until: Self.now + patience)
        }
    }

    private func ask(
        _ completion: @escaping Completion, _ say: (inout NATSSession<Completion>) throws(NATSRefusal) -> Void
    ) {
        do throws(NATSRefusal) {
            try say(&self.session)
            self.carryOutSoon()
        } catch {
            // Not before this has returned: whoever asks is not told while it asks.
            let told = NIOLoopBound(completion, eventLoop: self.eventLoop)
            self.eventLoop.execute { told.value(.notSent(error)) }
        }
    }

    /// Says something that nobody answers.
    package func publish(
        _ subject: String, reply: String? = nil, _ payload: some Collection<UInt8>
    ) throws(NATSRefusal) {
        try self.session.publish(subject, reply: reply, payload)
        self.carryOutSoon()
    }

    /// - Returns: the number to unsubscribe with; `nil` for a subject that is not legal.
    package func subscribe(_ subject: String, queue: String? = nil, _ handler: @escaping (NATSMessage) -> Void)
        -> UInt64?
    {
        let number = self.session.subscribe(subject, queue: queue)
        if let number { self.handlers[number] = handler }
        self.carryOutSoon()
        return number
    }

    package func unsubscribe(_ subscription: UInt64) {
        self.handlers[subscription] = nil
        self.session.unsubscribe(subscription)
        self.carryOutSoon()
    }

    /// Asks for several answers, which end with one that has a status, and says once what came.
    ///
    /// - Parameter patience: milliseconds for all of them.
    /// - Returns: to the completion `nil` when that end has not come.
    package func gather(
        _ subject: String, _ payload: some Collection<UInt8>, patience: Int,
        _ completion: @escaping ((answers: [NATSMessage], end: NATSMessage)?) -> Void
    ) {
        self.gatherCount += 1
        var open: (((answers: [NATSMessage], end: NATSMessage)?) -> Void)? = completion
        var answers: [NATSMessage] = []
        let inbox = "\(self.session.inbox)g.\(self.gatherCount)"
        var subscription: UInt64?
        let finish = { [weak self] (end: NATSMessage?) in
            guard let done = open.take() else { return }
            if let subscription { self?.unsubscribe(subscription) }
            done(end.map { (answers, $0) })
        }
        subscription = self.subscribe(inbox) { message in
            if message.status != nil { finish(message) } else { answers.append(message) }
        }
        do throws(NATSRefusal) {
            try self.publish(subject, reply: inbox, payload)
        } catch {
            let refused = NIOLoopBound(finish, eventLoop: self.eventLoop)
            return self.eventLoop.execute { refused.value(nil) }
        }
        let late = NIOLoopBound(finish, eventLoop: self.eventLoop)
        self.eventLoop.scheduleTask(in: .milliseconds(Int64(patience))) { late.value(nil) }
    }

    // MARK: JetStream

    package func call<Answer>(
        _ call: JetStreamCall<Answer>, patience: Int, _ completion: @escaping (Result<Answer, JetStreamFault>) -> Void
    ) {
        self.request(call.subject, call.payload, patience: patience) { outcome in
            completion(Result { () throws(JetStreamFault) in try call.read(outcome) })
        }
    }

    /// Has a message stored that has no key (`Nats-Msg-Id`), and says once what became of it.
    ///
    /// - Parameters:
    ///   - stream: what stores it.
    ///   - block: the headers, as they are written.
    package func store(
        _ payload: some Collection<UInt8>, at subject: String, in stream: String, block: [UInt8], patience: Int,
        _ completion: @escaping (PublishOutcome) -> Void
    ) {
        let completion: Completion = { completion(PublishOutcome($0)) }
        self.ask(completion) { session throws(NATSRefusal) in
            try session.store(
                subject, in: stream, headers: block, payload, completion, until: Self.now + patience)
        }
    }

    /// Has a message stored, and says once what became of it.
    package func store(
        _ payload: some Collection<UInt8>, at subject: String, headers: NATSHeaders, patience: Int,
        _ completion: @escaping (PublishOutcome) -> Void
    ) {
        self.store(payload, at: subject, block: headers.block, patience: patience, completion)
    }

    /// - Parameter block: the headers, as they are written.
    package func store(
        _ payload: some Collection<UInt8>, at subject: String, block: [UInt8], patience: Int,
        _ completion: @escaping (PublishOutcome) -> Void
    ) {
        self.request(subject, headers: block, payload, patience: patience) { completion(PublishOutcome($0)) }
    }

    /// Takes messages of a consumer, as many as it is given credit for.
    package func pull(
        from consumer: String, of stream: String, bounds: Pulling.Bounds = Pulling.Bounds(),
        _ handler: @escaping (PulledConsumer.Event) -> Void
    ) -> PulledConsumer {
        self.consumerCount += 1
        let pulled = PulledConsumer(
            self, inbox: "\(self.session.inbox)p\(self.consumerCount)",
            subject: Pulling.subject(stream: stream, consumer: consumer), bounds: bounds, handler)
        self.consumers[ObjectIdentifier(pulled)] = pulled
        return pulled
    }

    func remove(_ consumer: PulledConsumer) { self.consumers[ObjectIdentifier(consumer)] = nil }

    /// Says something of a delivery, to its reply subject as it came.
    package func acknowledge(_ reply: String, _ acknowledgement: Acknowledgement) throws(NATSRefusal) {
        try self.publish(reply, acknowledgement.payload)
    }

    /// The same, and says whether the server has heard it.
    package func acknowledge(
        _ reply: String, _ acknowledgement: Acknowledgement, patience: Int, _ completion: @escaping Completion
    ) {
        self.request(reply, acknowledgement.payload, patience: patience, completion)
    }

    // MARK: Carrying out

    private func carryOutSoon() {
        guard !self.isCarryingOut, !self.isScheduled else { return }
        self.isScheduled = true
        let client = NIOLoopBound(self, eventLoop: self.eventLoop)
        self.eventLoop.execute {
            client.value.isScheduled = false
            client.value.carryOut()
        }
    }

    private func carryOut() {
        guard !self.isCarryingOut else { return }
        self.isCarryingOut = true
        defer { self.isCarryingOut = false }
        while true {
            self.write()
            let steps = self.session.takeSteps()
            for step in steps { self.carryOut(step) }
            let events = self.session.takeEvents()
            for event in events { self.hear(event) }
            if steps.isEmpty, events.isEmpty { return }
        }
    }

    private func write() {
        guard let channel = self.channel, channel.isWritable, self.session.outputCount > 0 else { return }
        var buffer = channel.allocator.buffer(capacity: self.session.outputCount)
        self.session.takeOutput { buffer.writeBytes($0) }
        channel.writeAndFlush(buffer, promise: nil)
    }

    private func carryOut(_ step: NATSSession<Completion>.Step) {
        switch step {
        case .connect(let address): self.connect(address)
        case .secure(let host): self.secure(host)
        case .close:
            self.attempt += 1
            guard let channel = self.channel.take() else { return }
            // Below TLS, which would wait for a server that is silent.
            if let bottom = try? channel.pipeline.syncOperations.context(handlerType: NIOSSLClientHandler.self) {
                bottom.close(promise: nil)
            } else {
                channel.close(promise: nil)
            }
        }
    }

    private func connect(_ address: NATSAddress) {
        self.attempt += 1
        self.reason = nil
        let attempt = self.attempt
        let client = NIOLoopBound(self, eventLoop: self.eventLoop)
        ClientBootstrap(group: self.eventLoop)
            .connectTimeout(self.connectPatience)
            .channelOption(.tcpOption(.tcp_nodelay), value: 1)
            .channelOption(
                .recvAllocator, value: AdaptiveRecvByteBufferAllocator(minimum: 1_024, initial: 4_096, maximum: 262_144)
            )
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandler(NATSHandler(client.value, attempt))
                }
            }
            .connect(host: address.host, port: address.port)
            .whenComplete { client.value.connected($0, attempt) }
    }

    private func connected(_ result: Result<any Channel, any Error>, _ attempt: Int) {
        guard attempt == self.attempt else {
            if case .success(let channel) = result { channel.close(promise: nil) }
            return
        }
        switch result {
        case .success(let channel):
            self.channel = channel
            self.session.opened(at: Self.now)
        case .failure(let error): self.session.lost(PlainWords.of(error), at: Self.now)
        }
        self.carryOut()
    }

    private func secure(_ host: String) {
        guard let channel = self.channel else { return }
        do {
            let handler = try (self.tls ?? ClientIdentity()).makeHandler(host: host)
            try channel.pipeline.syncOperations.addHandler(handler, position: .first)
        } catch {
            self.reason = PlainWords.of(error)
            channel.close(promise: nil)
        }
    }

    private func hear(_ event: NATSEvent<Completion>) {
        switch event {
        case .connected(let info):
            self.news(.connected(info))
            for consumer in self.consumers.values { consumer.connected(at: Self.now) }
        case .away(let words):
            for consumer in self.consumers.values { consumer.lost() }
            self.news(.away(words))
        case .message(let subscription, let message): self.handlers[subscription]?(message)
        case .outcome(let completion, let outcome): completion(outcome)
        case .stray(let message):
            // It would be missing until its time is over: others are to have it at once.
            if let reply = message.reply, Delivery(reply: reply) != nil {
                try? self.acknowledge(reply, .again(after: 0))
            }
        case .complaint(let words): self.news(.complaint(words))
        case .over(let fault):
            self.ticker?.cancel()
            for consumer in self.consumers.values { consumer.lost() }
            self.news(.over(fault))
        }
    }
}

// MARK: What the handler says

extension NATSClient {
    func received(_ bytes: Span<UInt8>, _ attempt: Int) {
        guard attempt == self.attempt else { return }
        self.session.receive(bytes, at: Self.now)
        self.carryOut()
    }

    func canWrite(_ attempt: Int) {
        if attempt == self.attempt { self.carryOut() }
    }

    func secured(_ attempt: Int) {
        guard attempt == self.attempt else { return }
        self.session.secured(at: Self.now)
        self.carryOut()
    }

    func broke(_ error: any Error, _ attempt: Int) {
        if attempt == self.attempt { self.reason = PlainWords.of(error) }
    }

    func ended(_ attempt: Int) {
        guard attempt == self.attempt else { return }
        self.attempt += 1
        self.channel = nil
        self.session.lost(self.reason.take() ?? "it has ended the connection", at: Self.now)
        self.carryOut()
    }
}

@available(*, unavailable)
extension NATSClient: Sendable {}
