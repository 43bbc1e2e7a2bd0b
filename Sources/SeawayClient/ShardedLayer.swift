public import Logging
import NIOConcurrencyHelpers
public import NIOCore
public import NIOPosix
import SeawayLog
public import SeawayMessage
import SeawayWire

/// A `ChannelLayer` over several brokers: one connection to each (protocol/SHARDING.md).
///
/// It listens at all of them and keeps memberships at all. A send to a normal channel goes to each in turn, one to a
/// reply or pinned channel or a group to the one that is first for the name. A broker that is silent for the failover
/// time is given up: the outcome of what was not answered there is unknown, what it held is lost, and everything goes
/// on over the others.
///
/// Answers and deliveries come on its event loop; only a request that finds too many of other threads waiting is
/// refused with `limit` on the caller's thread.
public final class ShardedLayer: ConnectingLayer {
    private let core: NIOLoopBoundBox<ShardedCore>
    private let eventLoop: any EventLoop
    public let executor: any TaskExecutor
    private let inbox: LoopInbox<ShardedCore>
    private let live = NIOLockedValueBox(0)
    private let layers: [WireLayer]

    /// - Parameters:
    ///   - configuration: the brokers, and what holds for the connection to each.
    ///   - eventLoop: carries everything; a server that shares it pays for no thread change.
    ///   - logger: gets what happens to each connection, each change once.
    public init(
        _ configuration: ShardedLayerConfiguration,
        eventLoop: any EventLoop = MultiThreadedEventLoopGroup.singleton.any(),
        logger: Logger = Logger(label: "seaway.client")
    ) throws(ShardedLayerConfiguration.Fault) {
        try configuration.check()
        self.eventLoop = eventLoop
        self.executor = LoopExecutor(eventLoop)
        self.layers = configuration.brokers.map {
            WireLayer(configuration.connection(to: $0), eventLoop: eventLoop, logger: logger)
        }
        self.core = NIOLoopBoundBox.makeBoxSendingValue(
            ShardedCore(configuration, self.layers, eventLoop, logger.byLines, self.live), eventLoop: eventLoop)
        self.inbox = LoopInbox(self.core, eventLoop, limit: configuration.connection.maxPending)
    }

    public func start() { self.onLoop { $0.start() } }

    /// Waits for each broker as long as the failover time; what was not answered by then is unknown.
    public func shutdown() async {
        let stopped = self.eventLoop.makePromise(of: Void.self)
        // Behind the calls that were made before.
        self.inbox.put { core in
            core.stop()
            stopped.succeed(())
        }
        try? await stopped.futureResult.get()
        await withTaskGroup(of: Void.self) { group in
            for layer in self.layers { group.addTask { await layer.shutdown() } }
        }
        self.onLoop { $0.end() }
    }

    public var isConnected: Bool { self.liveBrokers > 0 }

    public var refusal: Refusal? {
        let refusals = self.layers.compactMap(\.refusal)
        return refusals.count == self.layers.count ? refusals.first : nil
    }

    /// How many of the brokers are in reach now.
    public var liveBrokers: Int { self.live.withLockedValue { $0 } }

    public func send(
        _ body: Payload, to channel: String, ifHeard: Bool, stream: String?, bounds: MessageBounds?,
        terms: MessageTerms?, answer: @escaping @Sendable (SendAnswer) -> Void
    ) {
        self.ask({ answer(.refused($0)) }) {
            $0.send(
                ShardedSend(body, channel, ifHeard: ifHeard, stream: stream, bounds, terms) { result, _ in
                    answer(result)
                })
        }
    }

    public func sendCarried(
        _ body: Payload, to channel: String, ifHeard: Bool, stream: String?,
        answer: @escaping @Sendable (SendAnswer, Carrier) -> Void
    ) {
        self.ask({ answer(.refused($0), Carrier()) }) {
            $0.send(ShardedSend(body, channel, ifHeard: ifHeard, stream: stream, nil, nil, answer))
        }
    }

    public func sendReported(
        _ body: Payload, to channel: String, ifHeard: Bool, stream: String?, report: ReportTerms,
        answer: @escaping @Sendable (SendAnswer, Carrier) -> Void
    ) {
        let send = ReportedSend(body: body, channel: channel, ifHeard: ifHeard, report: report)
        self.ask({ answer(.refused($0), Carrier()) }) {
            $0.send(ShardedReportedSend(send: send, stream: stream, answer: answer))
        }
    }

    public func send(
        _ body: Payload, toGroup group: String, except: String?, bounds: MessageBounds?,
        answer: @escaping @Sendable (GroupAnswer) -> Void
    ) {
        self.ask({ answer(.refused($0)) }) { $0.send(ShardedGroupSend(body, group, except: except, bounds, answer)) }
    }

    public func join(_ group: String, _ channels: [String], answer: @escaping @Sendable (SendAnswer) -> Void) {
        self.ask({ answer(.refused($0)) }) { $0.join(group, channels, answer) }
    }

    public func leave(_ group: String, _ channels: [String], answer: @escaping @Sendable (SendAnswer) -> Void) {
        self.ask({ answer(.refused($0)) }) { $0.leave(group, channels, answer) }
    }

    public func watch(_ group: String, on channel: String, answer: @escaping @Sendable (SendAnswer) -> Void) {
        self.ask({ answer(.refused($0)) }) { $0.watch(group, channel, answer) }
    }

    public func unwatch(_ group: String, on channel: String, answer: @escaping @Sendable (SendAnswer) -> Void) {
        self.ask({ answer(.refused($0)) }) { $0.unwatch(group, channel, answer) }
    }

    public func pause(_ channel: String) { self.onLoop { $0.pause(channel) } }

    public func resume(_ channel: String) { self.onLoop { $0.resume(channel) } }

    public func close(_ channels: [String], done: @escaping @Sendable () -> Void) {
        self.onLoop { $0.close(channels, done) }
    }

    public func listen(
        to names: [String], terms: ListeningTerms, receive: @escaping @Sendable (Delivery) -> Void,
        event: @escaping @Sendable (ListeningEvent) -> Void
    ) -> any Listening {
        let listening = ShardedListening(names: names, terms: terms, receive: receive, event: event, layer: self)
        self.onLoop { $0.listen(listening) }
        return listening
    }

    /// Runs at once on the loop's own thread, soon from any other: many calls cost one wake-up.
    func onLoop(_ call: @escaping @Sendable (ShardedCore) -> Void) {
        if self.eventLoop.inEventLoop { return call(self.core.value) }
        self.inbox.put(call)
    }

    private func ask(_ refuse: (Refusal) -> Void, _ call: @escaping @Sendable (ShardedCore) -> Void) {
        if self.eventLoop.inEventLoop { return call(self.core.value) }
        guard self.inbox.offer(call) else {
            return refuse(Refusal(code: "limit", text: "too many requests of other threads wait for the brokers"))
        }
    }
}

extension ChannelLayer where Self == ShardedLayer {
    /// A layer that has begun to connect: `Worker(layer: try .brokers("a:7411", "b:7411"))`.
    ///
    /// - Parameter addresses: `host:port`, `[::1]:7411` or `unix:PATH` of each.
    /// - Throws: ``BrokerAddress/NotAnAddress`` or ``ShardedLayerConfiguration/Fault``; whether brokers are there shows
    ///   later.
    public static func brokers(_ addresses: String...) throws -> ShardedLayer {
        let brokers = try addresses.map { try BrokerAddress(checking: $0) }
        let layer = try ShardedLayer(ShardedLayerConfiguration(brokers: brokers))
        layer.start()
        return layer
    }
}
