import Logging
import NIOConcurrencyHelpers
import NIOCore
import SeawayMessage
import SeawayWire

/// What a ``ShardedLayer`` is doing: which broker gets what, and what each is told when it comes. Lives on the layer's
/// loop.
final class ShardedCore {
    private enum Life { case idle, running, over }

    /// What waits for any broker.
    private struct Waiting {
        let goOn: () -> Void
        let refuse: (Refusal) -> Void
    }

    let configuration: ShardedLayerConfiguration
    let layers: [WireLayer]
    let logger: Logger
    private let eventLoop: any EventLoop
    private let live: NIOLockedValueBox<Int>
    private var life = Life.idle
    private var checks: RepeatedTask?
    private(set) var map: ShardMap
    private var members: ShardMembers
    private var watches = ShardedWatches()
    private var readings: [ObjectIdentifier: ShardedReading] = [:]
    private var waiting = ClientWaiting<Waiting>()
    /// Those that have turned out to be other addresses of brokers that are live.
    private var twins: Set<Int> = []

    init(
        _ configuration: ShardedLayerConfiguration, _ layers: [WireLayer], _ eventLoop: any EventLoop,
        _ logger: Logger, _ live: NIOLockedValueBox<Int>
    ) {
        self.configuration = configuration
        self.layers = layers
        self.eventLoop = eventLoop
        self.logger = logger
        self.live = live
        let failover = Int(configuration.failover / .milliseconds(1))
        self.map = ShardMap(
            count: layers.count, failover: failover, now: Self.now, turn: Int.random(in: 0..<layers.count))
        self.members = ShardMembers(failover: failover)
    }

    private var bound: NIOLoopBound<ShardedCore> { NIOLoopBound(self, eventLoop: self.eventLoop) }
    private static var now: Int { Int(NIODeadline.now().uptimeNanoseconds / 1_000_000) }

    // MARK: The layer's life

    func start() {
        guard case .idle = self.life else { return }
        self.life = .running
        let bound = self.bound
        self.checks = self.eventLoop.scheduleRepeatedTask(
            initialDelay: WireCore.checkInterval, delay: WireCore.checkInterval
        ) { _ in bound.value.check() }
        for (broker, layer) in self.layers.enumerated() {
            layer.observe { bound.value.take($0, from: broker) }
            layer.start()
        }
    }

    /// Takes nothing more.
    func stop() {
        self.life = .over
        self.checks?.cancel()
        while let request = self.waiting.pop() { request.refuse(Self.hasLeft) }
    }

    /// All connections have ended.
    func end() {
        for layer in self.layers { layer.observe(nil) }
    }

    private func check() {
        let now = Self.now
        while let request = self.waiting.popOverdue(at: now) { request.refuse(self.nobodyIsThere) }
        self.say(self.members.check(now: now))
        self.moveWatches()
    }

    /// With the word of a broker that does not want this client, if there is one.
    private var nobodyIsThere: Refusal {
        let reason = self.layers.lazy.compactMap(\.refusal).first.map { ": \($0)" } ?? ""
        return Refusal(code: "unreachable", text: "none of \(self.layers.count) brokers is in reach\(reason)")
    }

    // MARK: Brokers

    private func take(_ news: WireNews, from broker: Int) {
        switch news {
        case .greeted(let name, let warm): self.greeted(broker, name, warm)
        case .connected: self.came(broker)
        case .leaving: self.map.leaving(broker)
        case .disconnected: self.went(broker)
        case .joined(let group, let channels): self.members.joined(broker, group, channels, now: Self.now)
        case .left(let group, let channels): self.members.left(broker, group, channels, now: Self.now)
        }
    }

    private func greeted(_ broker: Int, _ name: String?, _ warm: Int) {
        let address = "\(self.configuration.brokers[broker])"
        guard !self.map.up(broker, identity: name ?? address, warm: warm, now: Self.now) else { return }
        self.twins.insert(broker)
        self.layers[broker].drop(
            "a broker that is live has the same name: \(name ?? address)", pause: Self.pauseOfTwins)
    }

    /// Another address of a broker that is live is of no use before that is lost (B2).
    private static let pauseOfTwins = Duration.seconds(30)

    private func came(_ broker: Int) {
        guard self.map.isLive(broker) else { return }
        self.live.withLockedValue { $0 = self.map.allLive.count }
        self.say(self.members.came(broker))
        self.moveWatches()
        for _ in 0..<self.waiting.count { self.waiting.pop()?.goOn() }
    }

    private func went(_ broker: Int) {
        guard self.map.isLive(broker) else { return }
        self.map.down(broker)
        self.members.down(broker, now: Self.now)
        self.live.withLockedValue { $0 = self.map.allLive.count }
        self.moveWatches()
        for twin in self.twins { self.layers[twin].connectSoon() }
        self.twins.removeAll()
    }

    // MARK: Sending

    func send(_ request: some ShardedRequest) { self.send(request, without: ShardSet(), last: nil) }

    /// - Parameters:
    ///   - without: brokers that have refused it.
    ///   - last: how the last of them has.
    private func send(_ request: some ShardedRequest, without: ShardSet, last: Refusal?) {
        let broker = self.map.choose(for: request.target, stream: request.stream, without: without, now: Self.now)
        guard let broker else {
            if let refusal = last ?? request.fault { return request.refuse(refusal) }
            return self.wait(request.size) {
                self.send(request)
            } refuse: {
                request.refuse($0)
            }
        }
        let bound = self.bound
        request.send(over: self.layers[broker], broker) { refusal in
            var without = without
            without.insert(broker)
            bound.value.send(request, without: without, last: refusal)
        }
    }

    private func wait(_ size: Int, goOn: @escaping () -> Void, refuse: @escaping (Refusal) -> Void) {
        guard self.life != .over else { return refuse(Self.hasLeft) }
        let bounds = self.configuration.connection
        guard self.waiting.count < bounds.maxPending, self.waiting.size + size <= bounds.maxPendingBytes else {
            return refuse(bounds.tooMuchWaits)
        }
        let deadline = Self.now + Int(bounds.connectPatience / .milliseconds(1))
        self.waiting.append(Waiting(goOn: goOn, refuse: refuse), size: size, deadline: deadline)
    }

    private static let hasLeft = Refusal(code: "unreachable", text: "this layer has left")

    // MARK: Members

    func join(_ group: String, _ channels: [String], _ answer: @escaping @Sendable (SendAnswer) -> Void) {
        let bound = self.bound
        self.askAll(ClientLine("JOIN", [group] + channels)) { result in
            if result == .done { bound.value.members.own(group, channels) }
            answer(result)
        }
    }

    func leave(_ group: String, _ channels: [String], _ answer: @escaping @Sendable (SendAnswer) -> Void) {
        // At once, so that a broker that comes meanwhile is not told to join.
        self.members.disown(group, channels)
        self.askAll(ClientLine("LEAVE", [group] + channels), answer)
    }

    /// Asks every live broker (B14).
    private func askAll(_ line: ClientLine, _ answer: @escaping @Sendable (SendAnswer) -> Void) {
        if let fault = WireRequest.line(line).fault { return answer(.refused(fault)) }
        let live = self.map.allLive
        guard !live.isEmpty else {
            return self.wait(line.length) {
                self.askAll(line, answer)
            } refuse: {
                answer(.refused($0))
            }
        }
        let answers = NIOLoopBound(ShardedAnswers(count: live.count, answer), eventLoop: self.eventLoop)
        for broker in live { self.layers[broker].ask(line) { answers.value.take($0) } }
    }

    private func say(_ says: [ShardMembers.Saying]) {
        let bound = self.bound
        for saying in says {
            let line = ClientLine(saying.verb.rawValue, [saying.membership.group, saying.membership.channel])
            self.layers[saying.broker].ask(line) { answer in
                guard answer != .unknown else { return }
                bound.value.members.answered(saying, isRefused: answer.isFinal)
            }
        }
    }

    func pause(_ channel: String) {
        for layer in self.layers { layer.pause(channel) }
    }

    func resume(_ channel: String) {
        for layer in self.layers { layer.resume(channel) }
    }

    /// - Parameter done: called when those in reach have answered.
    func close(_ channels: [String], _ done: @escaping @Sendable () -> Void) {
        for channel in channels { self.members.closed(channel) }
        let answers = ShardedAnswers(count: self.layers.count) { _ in done() }
        let bound = NIOLoopBound(answers, eventLoop: self.eventLoop)
        for layer in self.layers { layer.close(channels) { bound.value.take(.done) } }
    }

    // MARK: Watching

    func watch(_ group: String, _ channel: String, _ answer: @escaping @Sendable (SendAnswer) -> Void) {
        let line = ClientLine("WATCH", [group, channel])
        if let fault = WireRequest.line(line).fault { return answer(.refused(fault)) }
        guard let broker = self.map.choose(for: .group(group), now: Self.now) else {
            return self.wait(line.length) {
                self.watch(group, channel, answer)
            } refuse: {
                answer(.refused($0))
            }
        }
        let watch = ShardedWatches.Watch(group: group, channel: channel)
        self.watches.place(watch, at: broker)
        let bound = self.bound
        self.layers[broker].watch(group, on: channel) { result in
            if result != .done { bound.value.watches.end(watch, at: broker) }
            answer(result)
        }
    }

    func unwatch(_ group: String, _ channel: String, _ answer: @escaping @Sendable (SendAnswer) -> Void) {
        guard let broker = self.watches.end(.init(group: group, channel: channel)) else { return answer(.done) }
        self.layers[broker].unwatch(group, on: channel, answer: answer)
    }

    /// Each watch is at the broker that sends to its group go to (B20).
    private func moveWatches() {
        let now = Self.now
        for (watch, broker) in self.watches.all {
            guard let better = self.map.choose(for: .group(watch.group), now: now), better != broker else { continue }
            self.layers[broker].unwatch(watch.group, on: watch.channel) { _ in }
            self.watches.place(watch, at: better)
            let logger = self.logger
            self.layers[better].watch(watch.group, on: watch.channel) { answer in
                guard case .refused(let refusal) = answer else { return }
                logger.warning("cannot watch again", metadata: ["group": "\(watch.group)", "reason": "\(refusal)"])
            }
        }
    }

    // MARK: Listening

    func listen(_ handle: ShardedListening) {
        guard self.life != .over else { return handle.event(.refused(Self.hasLeft)) }
        let reading = ShardedReading(handle, count: self.layers.count)
        self.readings[ObjectIdentifier(handle)] = reading
        let bound = NIOLoopBound((core: self, reading: reading), eventLoop: self.eventLoop)
        reading.begin(
            self.layers.enumerated().map { broker, layer in
                layer.listen(
                    to: handle.names, terms: handle.terms,
                    receive: { bound.value.reading.deliver($0, from: broker) },
                    event: { bound.value.core.take($0, from: broker, bound.value.reading) })
            })
    }

    private func take(_ event: ListeningEvent, from broker: Int, _ reading: ShardedReading) {
        guard !reading.isEnding else { return }
        switch event {
        case .started(let isKept):
            let isFirst = reading.started(at: broker)
            for mailbox in reading.mailboxes {
                self.say(self.members.listened(broker, mailbox, isKept: isKept, now: Self.now))
            }
            if isFirst { reading.handle.event(event) }
        // One broker alone is never weakened.
        case .weakened: break
        case .forsaken(let carrier):
            reading.handle.event(.forsaken(Carrier(broker: broker, connection: carrier.connection)))
        case .interrupted:
            guard reading.isListening(at: broker) else { return }
            reading.handle.event(reading.interrupted(at: broker) ? event : .weakened)
        case .lost:
            self.end(reading)
            reading.handle.event(event)
        case .refused(let refusal):
            self.logger.warning(
                "a broker refuses a listening",
                metadata: ["broker": "\(self.configuration.brokers[broker])", "reason": "\(refusal)"])
            _ = reading.interrupted(at: broker)
            guard reading.refused(at: broker) else { return }
            self.end(reading)
            reading.handle.event(event)
        }
    }

    func ready(_ handle: ShardedListening, _ count: Int) { self.readings[ObjectIdentifier(handle)]?.ready(count) }

    func stop(_ handle: ShardedListening) {
        guard let reading = self.readings[ObjectIdentifier(handle)] else { return handle.stopped() }
        if !reading.isEnding { self.end(reading) }
    }

    private func end(_ reading: ShardedReading) {
        let bound = NIOLoopBound((core: self, reading: reading), eventLoop: self.eventLoop)
        reading.stop { bound.value.core.stoppedAtOne(bound.value.reading) }
    }

    private func stoppedAtOne(_ reading: ShardedReading) {
        guard reading.stoppedAtOne() else { return }
        self.readings[ObjectIdentifier(reading.handle)] = nil
        for mailbox in reading.mailboxes { self.members.stopped(mailbox) }
        reading.handle.stopped()
    }
}

extension SendAnswer {
    /// It was refused, and will be again: what is used up now may be given back.
    fileprivate var isFinal: Bool {
        guard case .refused(let refusal) = self else { return false }
        return refusal.code != "limit" && !refusal.isUnreachable
    }
}
