package import NIOCore
import SeawayLog
package import SeawayStore
package import SeawayWire

/// Durable channels in NATS JetStream, for one broker of any number: on its loop, over one connection.
///
/// A message is kept as soon as a majority of the servers of its stream has it. What has come stays in hand until the
/// broker has said what becomes of it; meanwhile the engine is told so, and what it does not hear of for
/// `acknowledgeWithin` it gives to another broker.
package final class JetStreamStore: MessageStore {
    package weak var user: (any MessageStoreUser)?
    package var counters = StoreCounters()

    let configuration: JetStreamStoreConfiguration
    let places: DurablePlaces
    package let client: NATSClient
    var held: HeldMessages<DurablePlaces.Place>
    var settling: Settling<Errand>
    /// What is done, or given up, and the engine has not heard of yet; should it come again it is not delivered.
    var settled: [HeldKey: UInt64] = [:]
    var countCache = CountCache()
    private var known: [Name: DurablePlaces.Place] = [:]
    var feeds: [Name: Feed] = [:]
    private var movers: [LaterMover] = []
    private var start = Start()
    private var ticker: RepeatedTask?
    private var stopping: Stopping?
    /// Nothing is delivered any more.
    var isStopping: Bool { self.stopping != nil }
    private var state: StoreState?
    private var lastMessage: UInt64 = 0
    private var complaints = WarningPace<ContinuousClock.Instant>(pause: .seconds(10))
    let say: (Remark) -> Void

    /// What people are to know, beside the state of the connection.
    package enum Remark: Hashable, Sendable {
        case notice(String)
        case warning(String)
        /// The same again, soon after it was said.
        case repetition(String)
    }

    final class Feed {
        let place: DurablePlaces.Place
        var machine = ChannelFeed()
        var consumer: PulledConsumer?
        var isRenewing = false

        init(_ place: DurablePlaces.Place) { self.place = place }
    }

    private struct Start {
        var then: ((StoreFault?) -> Void)?
        var deadline = 0
        var setup: StoreSetup?
        /// Why there is no connection.
        var words = "no answer"
    }

    private struct Stopping {
        let until: Int
        let then: () -> Void
    }

    /// - Parameter say: what is to be logged.
    package init(
        _ configuration: JetStreamStoreConfiguration, on eventLoop: any EventLoop,
        say: @escaping (Remark) -> Void = { _ in }
    ) {
        self.configuration = configuration
        self.places = DurablePlaces(configuration.durables, deadLetters: configuration.deadLetters)
        self.held = HeldMessages(interval: configuration.sayEvery)
        self.say = say
        var bounds = Settling<Errand>.Bounds()
        (bounds.patience, bounds.most) = (configuration.patience, configuration.maxSettling)
        self.settling = Settling(bounds)
        // The client tells a store that is not made yet.
        let ears = Ears()
        self.client = NATSClient(configuration.nats, tls: configuration.tls, on: eventLoop) { ears.store?.hear($0) }
        ears.store = self
    }

    private final class Ears { weak var store: JetStreamStore? }

    var eventLoop: any EventLoop { self.client.eventLoop }
    /// Whether messages can be delivered later.
    var hasDelays = false

    // MARK: Beginning

    package func start(then: @escaping (StoreFault?) -> Void) {
        self.start.then = then
        self.start.deadline = NATSClient.now + self.configuration.startPatience
        let store = NIOLoopBound(self, eventLoop: self.eventLoop)
        self.ticker = self.eventLoop.scheduleRepeatedTask(initialDelay: .milliseconds(50), delay: .milliseconds(50)) {
            _ in store.value.timePassed(at: NATSClient.now)
        }
        self.client.start()
    }

    private func started(_ fault: StoreFault?) {
        self.start.then.take()?(fault)
    }

    private func hear(_ news: NATSClient.News) {
        switch news {
        case .connected(let info):
            if case .away? = self.state { self.counters.reconnects += 1 }
            self.change(.connected(to: info.name))
            if self.start.setup == nil { self.setUp(info) }
        case .away(let words):
            self.start.words = words
            if case .away? = self.state { return }
            self.change(.away(words))
        case .complaint(let words): self.say(.warning(words))
        case .over(.left): break
        case .over(let fault):
            self.change(.away(fault.description))
            self.started(.unsupported(fault.description))
        }
    }

    private func change(_ state: StoreState) {
        self.state = state
        self.user?.storeChanged(state)
    }

    private func setUp(_ info: NATSServerInfo) {
        guard info.isAtLeast(2, 11) else {
            return self.started(
                .unsupported("\(info.name) is NATS \(info.version): durable channels need 2.11, delays (In=) 2.12"))
        }
        self.hasDelays = info.isAtLeast(2, 12)
        if self.hasDelays {
            self.say(.notice("NATS \(info.version)"))
        } else {
            self.say(.warning("NATS \(info.version): nothing can be delayed (In=) before 2.12"))
        }
        if info.maxPayload < self.configuration.maxBody + 4_096 {
            self.say(
                .warning(
                    "max_payload of \(info.name) is \(info.maxPayload): bodies have up to "
                        + "\(self.configuration.maxBody) bytes, and those that do not fit are refused"))
        }
        var setup = StoreSetup(
            self.configuration.durables.flatMap { self.configuration.streams(of: $0, delays: self.hasDelays) },
            acknowledgeWithin: self.configuration.acknowledgeWithin, deadline: self.start.deadline)
        let first = setup.start()
        self.start.setup = setup
        self.carryOut(first)
    }

    private func carryOut(_ step: StoreSetup.Step) {
        let patience = 2 * self.configuration.patience
        switch step {
        case .make(let stream):
            self.client.call(.createStream(stream), patience: patience) { [weak self] in self?.heard(.stream($0)) }
        case .look(let name):
            self.client.call(.stream(name), patience: patience) { [weak self] in self?.heard(.stream($0)) }
        case .consumers(let name, let offset):
            self.client.call(.consumers(of: name, offset: offset), patience: patience) { [weak self] in
                self?.heard(.consumers($0))
            }
        case .pause:
            let store = NIOLoopBound(self, eventLoop: self.eventLoop)
            self.eventLoop.scheduleTask(in: .milliseconds(250)) {
                guard let next = store.value.start.setup?.paused() else { return }
                store.value.carryOut(next)
            }
        case .done:
            if self.hasDelays {
                self.movers = self.configuration.durables.indices.map { LaterMover(self, $0) }
                for mover in self.movers { mover.start() }
            }
            self.started(nil)
        case .failed(let fault): self.started(fault)
        }
    }

    private func heard(_ answer: StoreSetup.Answer) {
        guard let next = self.start.setup?.heard(answer, at: NATSClient.now) else { return }
        self.carryOut(next)
    }

    // MARK: Time

    private func timePassed(at now: Int) {
        if self.start.setup == nil, self.start.then != nil, now >= self.start.deadline {
            self.started(.unavailable("the NATS servers cannot be reached: \(self.start.words)"))
        }
        for reply in self.held.takeDue(at: now) { try? self.client.acknowledge(reply, .working) }
        for feed in self.feeds.values { self.carryOut(feed.machine.timePassed(at: now), feed) }
        for mover in self.movers { mover.timePassed(at: now) }
        self.settleDue(at: now)
        if let stopping, now >= stopping.until || self.isSettled { self.end(stopping) }
    }

    // MARK: Ending

    private var isSettled: Bool { self.settling.isEmpty && self.client.waitingCount == 0 }

    package func stop(within milliseconds: Int, then: @escaping () -> Void) {
        for feed in self.feeds.values { feed.consumer.take()?.end() }
        self.feeds = [:]
        for mover in self.movers { mover.end() }
        self.movers = []
        // Not at once: until the engine knows that nothing is pulled here any more, it would come here again.
        for (key, place) in self.held.all { self.giveBack(key, place, after: Self.leavingDelay) }
        let stopping = Stopping(until: NATSClient.now + milliseconds, then: then)
        guard self.isSettled else { return self.stopping = stopping }
        let store = NIOLoopBound(self, eventLoop: self.eventLoop)
        let bound = NIOLoopBound(stopping, eventLoop: self.eventLoop)
        self.eventLoop.execute { store.value.end(bound.value) }
    }

    private static let leavingDelay = 100

    private func end(_ stopping: Stopping) {
        self.stopping = nil
        self.ticker?.cancel()
        self.client.leave()
        stopping.then()
    }

    // MARK: Keeping

    package func keeps(_ channel: Span<UInt8>) -> Bool { self.places.pattern(of: channel) != nil }

    /// Where the messages of a channel stand; `nil`: not here.
    func place(of channel: Name) -> DurablePlaces.Place? {
        if let known = self.known[channel] { return known }
        guard let place = self.places.place(of: channel) else { return nil }
        // Names are others' choice.
        if self.known.count >= self.configuration.maxChannels { self.known.removeAll() }
        self.known[channel] = place
        return place
    }

    package func send(
        _ body: Span<UInt8>, _ format: BodyFormat, to channel: Name, _ terms: StoreTerms,
        then: @escaping (StoreSendOutcome) -> Void
    ) {
        let bytes = body.withUnsafeBufferPointer { Array($0) }
        // Strongly here and below: each is answered in time, and a weak one would cost every message.
        let answer = { (outcome: StoreSendOutcome) in
            self.count(outcome)
            then(outcome)
        }
        guard let place = self.place(of: channel) else {
            return self.soon { answer(.failed(.unsupported("\(channel) is no durable channel"))) }
        }
        let once = terms.once.map { "once:\(channel):\($0)" }
        if let delay = terms.delay { return self.sendLater(bytes, format, place, terms, delay, once, answer) }
        let headers = place.headers(format, once: once, expiry: terms.expiry)
        guard let capacity = terms.capacity, capacity < place.most, !place.isForDeadLetters else {
            return self.publish(bytes, at: place, headers, isOnce: once != nil, answer)
        }
        // The engine knows one capacity for all; of others it is asked first.
        self.client.call(
            .stream(place.stream, subjects: place.subject), patience: self.configuration.patience
        ) { [weak self] result in
            switch result {
            case .success(let info):
                guard info.subjects[place.subject] ?? 0 < capacity else { return answer(.full(most: capacity)) }
                self?.publish(bytes, at: place, headers, isOnce: once != nil, answer)
            // It was only looked.
            case .failure(let fault): answer(.failed(.unavailable(fault.description)))
            }
        }
    }

    private func publish(
        _ body: [UInt8], at place: DurablePlaces.Place, _ headers: [UInt8], isOnce: Bool,
        _ answer: @escaping (StoreSendOutcome) -> Void
    ) {
        let then = self.tell(answer, most: place.most)
        let patience = self.configuration.patience
        if isOnce {
            self.client.store(body, at: place.subject, block: headers, patience: patience, then)
        } else {
            self.client.store(body, at: place.subject, in: place.stream, block: headers, patience: patience, then)
        }
    }

    private func tell(_ answer: @escaping (StoreSendOutcome) -> Void, most: Int) -> (PublishOutcome) -> Void {
        {
            if case .refusedByOne(let refusal) = $0 { self.complain(of: refusal) }
            answer(StoreSendOutcome($0, most: most))
        }
    }

    /// Who sends is only told that nobody knows: what the server said is for who runs it.
    private func complain(of refusal: JetStreamRefusal) {
        let words = "a NATS server refused a message that others of its stream may have: \(refusal)"
        self.say(self.complaints.isDue(at: .now) ? .warning(words) : .repetition(words))
    }

    private func sendLater(
        _ body: [UInt8], _ format: BodyFormat, _ place: DurablePlaces.Place, _ terms: StoreTerms, _ delay: Int,
        _ once: String?, _ answer: @escaping (StoreSendOutcome) -> Void
    ) {
        guard self.hasDelays else {
            return self.soon { answer(.failed(.unsupported("the NATS servers are older than 2.12"))) }
        }
        // For the next ones: servers cannot bound them.
        self.counts { _ in }
        guard self.countCache.delayed < self.configuration.maxDelayed else {
            return self.soon { answer(.full(most: self.configuration.maxDelayed)) }
        }
        self.lastMessage += 1
        let stream = DurableName.laterStream(of: self.configuration.durables[place.pattern].pattern)
        let id = "\(WallClock.now)-\(UInt32.random(in: 0 ... .max))-\(self.lastMessage)"
        let headers = StoredHeaders.later(
            format, terms, at: WallClock.now + delay, target: LaterSubject.due(place.channel, in: stream),
            stream: stream, once: once)
        self.client.store(
            body, at: LaterSubject.waiting(place.channel, id: id, in: stream), block: headers.block,
            patience: self.configuration.patience, self.tell(answer, most: place.most))
    }

    private func count(_ outcome: StoreSendOutcome) {
        switch outcome {
        case .stored: self.counters.stored += 1
        case .repeated: self.counters.repeated += 1
        case .full: self.counters.full += 1
        case .failed(.unknown): self.counters.unknown += 1
        case .failed: self.counters.unavailable += 1
        }
    }

    /// Not before the call has returned.
    func soon(_ work: @escaping () -> Void) {
        let bound = NIOLoopBound(work, eventLoop: self.eventLoop)
        self.eventLoop.execute { bound.value() }
    }
}

@available(*, unavailable)
extension JetStreamStore: Sendable {}
