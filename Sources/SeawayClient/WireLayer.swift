public import Logging
import NIOConcurrencyHelpers
public import NIOCore
public import NIOPosix
import SeawayLog
public import SeawayMessage
import SeawayWire

/// A `ChannelLayer` over the wire: one connection to one broker for everything in this process.
///
/// It connects again by itself, listens, joins and watches again, and tells of each request what became of it: stored,
/// refused, or unknown because the connection broke before the answer. At most one of its listenings may have several
/// names, since a connection has one shared credit besides that of single names (PROTOCOL.md, R1 and R2).
///
/// Answers and deliveries come on its event loop; only a request that finds too many of other threads waiting is
/// refused with `limit` on the caller's thread.
public final class WireLayer: ConnectingLayer {
    private let core: NIOLoopBoundBox<WireCore>
    private let eventLoop: any EventLoop
    public let executor: any TaskExecutor
    private let inbox: LoopInbox<WireCore>
    private let life = NIOLockedValueBox(WireLife())

    /// - Parameters:
    ///   - configuration: the broker, and how long it is waited for.
    ///   - eventLoop: carries everything; a server that shares it pays for no thread change.
    ///   - logger: gets what happens to the connection, each change once.
    public init(
        _ configuration: WireLayerConfiguration = .init(),
        eventLoop: any EventLoop = MultiThreadedEventLoopGroup.singleton.any(),
        logger: Logger = Logger(label: "seaway.client")
    ) {
        self.eventLoop = eventLoop
        self.executor = LoopExecutor(eventLoop)
        self.core = NIOLoopBoundBox.makeBoxSendingValue(
            WireCore(configuration, eventLoop, logger.byLines, self.life), eventLoop: eventLoop)
        self.inbox = LoopInbox(self.core, eventLoop, limit: configuration.maxPending)
    }

    public func start() { self.onLoop { $0.start() } }

    /// Waits for the broker as long as the configuration's `connectTimeout`; what was not answered by then is unknown.
    public func shutdown() async {
        let left = self.eventLoop.makePromise(of: Void.self)
        // Behind the calls that were made before.
        self.inbox.put { $0.shutDown().cascade(to: left) }
        try? await left.futureResult.get()
    }

    /// Leaves as ``shutdown()`` does, which nobody waits for.
    package func leave() { self.inbox.put { _ = $0.shutDown() } }

    public var isConnected: Bool { self.life.withLockedValue(\.isConnected) }

    public var refusal: Refusal? { self.life.withLockedValue(\.refusal) }

    public func send(
        _ body: Payload, to channel: String, ifHeard: Bool, stream: String?, bounds: MessageBounds?,
        terms: MessageTerms?, answer: @escaping @Sendable (SendAnswer) -> Void
    ) {
        guard let terms else {
            return self.ask(.send(answer)) { $0.ask(.send(body, channel, ifHeard: ifHeard, bounds), .send(answer)) }
        }
        let send = SendOnTerms(body: body, channel: channel, ifHeard: ifHeard, bounds: bounds, terms: terms)
        self.ask(.send(answer)) { $0.ask(.sendOnTerms(send), .send(answer)) }
    }

    public func sendCarried(
        _ body: Payload, to channel: String, ifHeard: Bool, stream: String?,
        answer: @escaping @Sendable (SendAnswer, Carrier) -> Void
    ) {
        self.sendCarried(.send(body, channel, ifHeard: ifHeard), answer: answer)
    }

    public func sendReported(
        _ body: Payload, to channel: String, ifHeard: Bool, stream: String?, report: ReportTerms,
        answer: @escaping @Sendable (SendAnswer, Carrier) -> Void
    ) {
        let send = ReportedSend(body: body, channel: channel, ifHeard: ifHeard, report: report)
        self.sendCarried(.reportedSend(send), answer: answer)
    }

    func sendCarried(_ request: WireRequest, answer: @escaping @Sendable (SendAnswer, Carrier) -> Void) {
        self.ask(.carriedSend(answer)) { $0.ask(request, .carriedSend(answer)) }
    }

    public func send(
        _ body: Payload, toGroup group: String, except: String?, bounds: MessageBounds?,
        answer: @escaping @Sendable (GroupAnswer) -> Void
    ) {
        self.ask(.groupSend(answer)) { $0.ask(.groupSend(body, group, except: except, bounds), .groupSend(answer)) }
    }

    public func join(_ group: String, _ channels: [String], answer: @escaping @Sendable (SendAnswer) -> Void) {
        self.ask(ClientLine("JOIN", [group] + channels), answer: answer)
    }

    public func leave(_ group: String, _ channels: [String], answer: @escaping @Sendable (SendAnswer) -> Void) {
        self.ask(ClientLine("LEAVE", [group] + channels), answer: answer)
    }

    public func watch(
        _ group: String, on channel: String, answer: @escaping @Sendable (SendAnswer) -> Void
    ) {
        self.ask(.send(answer)) { $0.watch(group, channel, answer) }
    }

    public func unwatch(
        _ group: String, on channel: String, answer: @escaping @Sendable (SendAnswer) -> Void
    ) {
        self.ask(.send(answer)) { $0.unwatch(group, channel, answer) }
    }

    /// Asks for what `DATA` answers.
    func look(_ line: ClientLine, answer: @escaping @Sendable (LookAnswer) -> Void) {
        self.ask(.look(answer)) { $0.ask(.line(line), .look(answer)) }
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
        let listening = WireListening(names: names, terms: terms, receive: receive, event: event, layer: self)
        self.onLoop { $0.listen(listening) }
        return listening
    }

    /// Runs at once on the loop's own thread, soon from any other: many calls cost one wake-up.
    func onLoop(_ call: @escaping @Sendable (WireCore) -> Void) {
        if self.eventLoop.inEventLoop { return call(self.core.value) }
        self.inbox.put(call)
    }

    /// Has somebody on the layer's own loop told what happens to the connection; to be said before ``start()``.
    func observe(_ observer: (@Sendable (WireNews) -> Void)?) { self.onLoop { $0.observer = observer } }

    /// Asks what has no body.
    func ask(_ line: ClientLine, answer: @escaping @Sendable (SendAnswer) -> Void) {
        self.ask(.send(answer)) { $0.ask(.line(line), .send(answer)) }
    }

    func ping(answer: @escaping @Sendable (SendAnswer) -> Void) {
        self.ask(.send(answer)) { $0.ask(.ping, .send(answer)) }
    }

    /// Ends the connection; another will be made.
    ///
    /// - Parameter pause: when, unless ``connectSoon()`` comes before; `nil`: as usual.
    func drop(_ reason: String, pause: Duration? = nil) { self.onLoop { $0.link.drop(reason, pause: pause) } }

    /// Tries to connect at once, if it waits for its next attempt.
    func connectSoon() { self.onLoop { $0.link.connectSoon() } }

    private func ask(_ waiter: @autoclosure () -> WireWaiter, _ call: @escaping @Sendable (WireCore) -> Void) {
        if self.eventLoop.inEventLoop { return call(self.core.value) }
        guard self.inbox.offer(call) else {
            return waiter().refuse(
                Refusal(code: "limit", text: "too many requests of other threads wait for the broker"))
        }
    }
}

extension WireLayer: MessageHolder {
    /// Tells the broker what becomes of a message that has come by this layer.
    public func take(
        _ verdict: HeldMessage.Verdict, of message: HeldMessage, answer: @escaping @Sendable (SendAnswer) -> Void
    ) {
        // There are no more of them than messages that are held.
        self.onLoop { $0.take(verdict, of: message, answer) }
    }
}

/// What others see of a layer.
struct WireLife: Sendable {
    var isConnected = false
    /// Why its broker does not want it.
    var refusal: Refusal?

    /// What is told to those who ask for something all the same.
    var whyOver: Refusal { self.refusal ?? Refusal(code: "unreachable", text: "this layer has left") }
}

extension ChannelLayer where Self == WireLayer {
    /// A layer that has begun to connect: `Worker(layer: try .broker("127.0.0.1:7411"))`.
    ///
    /// Its token is what the environment has as `SEAWAY_TOKEN`.
    ///
    /// - Parameter address: `host:port`, `[::1]:7411`, `unix:PATH` or `tls://host:port`.
    /// - Throws: ``BrokerAddress/NotAnAddress``; whether a broker is there shows later.
    public static func broker(_ address: String) throws(BrokerAddress.NotAnAddress) -> WireLayer {
        let layer = WireLayer(WireLayerConfiguration(broker: try BrokerAddress(checking: address)))
        layer.start()
        return layer
    }
}
