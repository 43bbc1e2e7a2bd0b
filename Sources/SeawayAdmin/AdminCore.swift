import Logging
import NIOCore
import NIOPosix
import SeawayMessage
import SeawayServer

/// What all connections of an ``AdminServer`` share, and how it answers. Lives on its loop.
final class AdminCore {
    let site: AdminSite
    var access: AdminAccess
    let limits: AdminLimits
    let eventLoop: any EventLoop
    let logger: Logger
    var counters = AdminCounters()
    /// Bytes of bodies that are being received.
    var buffered = 0
    /// The process has been told to leave.
    var isLeaving = false
    private let began = NIODeadline.now()
    private let lists: ListWalks
    private var latest: (answer: AdminAnswer, at: NIODeadline)?
    private var making: EventLoopFuture<AdminAnswer>?

    init(
        _ site: AdminSite, _ access: AdminAccess, _ limits: AdminLimits, _ eventLoop: any EventLoop, _ logger: Logger
    ) {
        self.site = site
        self.access = access
        self.limits = limits
        self.eventLoop = eventLoop
        self.logger = logger
        self.lists = ListWalks(site.brokers, limits, eventLoop)
    }

    func count(_ refused: AdminCounters.Refused) { self.counters.refused[refused, default: 0] += 1 }

    /// Answers what is answered whole; it fails with an ``AdminRefusal``.
    func answer(_ route: AdminRoute, _ body: [UInt8]) -> EventLoopFuture<AdminAnswer> {
        switch route {
        case .page(let path): self.done(ConsolePage.answer(path))
        case .alive: self.done(.text("alive"))
        case .ready(let workers): self.readiness(workers: workers)
        case .metrics: self.metrics().map { AdminAnswer.metrics($0) }
        case .state: self.state()
        case .list(let question): self.lists.answer(question)
        case .messages(let channel, let count): self.messages(channel, count)
        case .send: self.send(body)
        case .groupSend: self.groupSend(body)
        case .endConnection: self.endConnection(body)
        case .tail: preconditionFailure("a tail is not answered whole")
        }
    }

    private func done(_ answer: AdminAnswer) -> EventLoopFuture<AdminAnswer> {
        self.eventLoop.makeSucceededFuture(answer)
    }

    // MARK: Figures

    /// What the system says, looked up on a thread that may take its time.
    private func process() -> EventLoopFuture<ProcessFigures> {
        NIOThreadPool.singleton.runIfActive(eventLoop: self.eventLoop) { ProcessFigures.now() }
            .flatMapErrorThrowing { _ in ProcessFigures() }
    }

    func metrics() -> EventLoopFuture<[Metric]> {
        let own = self.site.buildInfo
        let counted = self.counters.metrics
        let others = self.site.metrics().hop(to: self.eventLoop)
        return self.process().and(others).and(self.brokerMetrics()).map { figures, broker in
            figures.0.metrics + [own] + counted + broker + figures.1
        }
    }

    /// Of the broker in this process, if there is one.
    private func brokerMetrics() -> EventLoopFuture<[Metric]> {
        guard let broker = self.site.ownBroker else { return self.eventLoop.makeSucceededFuture([]) }
        return broker.look(at: .totals, on: self.eventLoop).map { BrokerMetrics(totals: $0).all }
    }

    // MARK: The snapshot

    /// One for all who ask within a moment.
    private func state() -> EventLoopFuture<AdminAnswer> {
        if let latest, NIODeadline.now() - latest.at < TimeAmount(self.limits.freshness) {
            return self.done(latest.answer)
        }
        if let making { return making }
        let made = self.makeState()
        self.making = made
        made.assumeIsolated().whenComplete { result in
            self.making = nil
            if case .success(let answer) = result { self.latest = (answer, .now()) }
        }
        return made
    }

    private func makeState() -> EventLoopFuture<AdminAnswer> {
        let brokers = EventLoopFuture.whenAllSucceed(
            self.site.brokers.map { BrokerLook.take(at: $0, on: self.eventLoop) }, on: self.eventLoop)
        let isServer = self.site.kind == .serve || self.site.kind == .up
        let server = isServer ? self.site.metrics().hop(to: self.eventLoop) : self.eventLoop.makeSucceededFuture([])
        let site = self.site
        let uptime = NIODeadline.now() - self.began
        return brokers.and(server).and(self.process()).map { seen, process in
            let (brokers, metrics) = seen
            var state: [(String, Value)] = [
                ("time", .double(process.now)),
                ("process", .map(process.message(of: site, uptime: Double(uptime.nanoseconds) / 1e9))),
            ]
            state += StateText(brokers).fields
            state.append(("server", isServer ? .map(ServerPicture(metrics).message) : .null))
            return .json(Message(state))
        }
    }
}

extension BrokerLook {
    /// Asks one broker for everything; one that does not answer says why.
    static func take(at broker: any WatchedBroker, on eventLoop: any EventLoop) -> EventLoopFuture<BrokerLook> {
        let most = StateText.most
        let lists = [Look.channels, .groups, .connections].map {
            broker.look(at: $0, limit: most, on: eventLoop)
        }
        let address = broker.address
        return broker.look(at: .totals, on: eventLoop).and(EventLoopFuture.whenAllSucceed(lists, on: eventLoop))
            .map { totals, lists in
                var look = BrokerLook(address: address)
                look.totals = totals
                (look.channels, look.groups, look.connections) = (lists[0], lists[1], lists[2])
                return look
            }.flatMapErrorThrowing { error in
                var look = BrokerLook(address: address)
                look.reason = (error as? AdminRefusal)?.text ?? "\(error)"
                return look
            }
    }
}
