public import Logging
import NIOConcurrencyHelpers
public import NIOCore
public import NIOPosix
public import SeawayMessage

/// A ``ChannelLayer`` over the wire: one connection to one broker for everything in this process.
///
/// It connects again by itself, listens and joins again, and tells of each request what became of it: stored, refused, or
/// unknown because the connection broke before the answer.
public final class WireLayer: ChannelLayer {
    private let core: NIOLoopBoundBox<WireCore>
    private let eventLoop: any EventLoop
    private let inbox: LoopInbox
    private let connected = NIOLockedValueBox(false)

    /// - Parameter eventLoop: carries everything; a server that shares it pays for no thread change.
    public init(
        _ configuration: WireLayerConfiguration = .init(),
        eventLoop: any EventLoop = MultiThreadedEventLoopGroup.singleton.any(),
        logger: Logger = Logger(label: "seaway.client")
    ) {
        self.eventLoop = eventLoop
        self.core = NIOLoopBoundBox.makeBoxSendingValue(
            WireCore(configuration, eventLoop, logger, self.connected), eventLoop: eventLoop)
        self.inbox = LoopInbox(eventLoop)
    }

    /// Begins to connect, and goes on until ``shutdown()``.
    public func start() { self.onLoop { $0.start() } }

    /// Stops listening, waits for the answers that are on their way, and leaves with `QUIT`.
    public func shutdown() async {
        let core = self.core
        try? await self.eventLoop.flatSubmit { core.value.shutDown() }.get()
    }

    public var isConnected: Bool { self.connected.withLockedValue { $0 } }

    public func send(
        _ body: Payload, to channel: String, ifHeard: Bool, answer: @escaping @Sendable (SendAnswer) -> Void
    ) {
        self.onLoop { $0.ask(.send(body, channel, ifHeard: ifHeard), .send(answer)) }
    }

    public func send(
        _ body: Payload, toGroup group: String, except: String?, answer: @escaping @Sendable (GroupAnswer) -> Void
    ) {
        self.onLoop { $0.ask(.groupSend(body, group, except: except), .groupSend(answer)) }
    }

    public func join(_ group: String, _ channels: [String], answer: @escaping @Sendable (SendAnswer) -> Void) {
        self.onLoop { $0.ask(.names("JOIN", [group] + channels), .send(answer)) }
    }

    public func leave(_ group: String, _ channels: [String], answer: @escaping @Sendable (SendAnswer) -> Void) {
        self.onLoop { $0.ask(.names("LEAVE", [group] + channels), .send(answer)) }
    }

    public func pause(_ channel: String) { self.onLoop { $0.pause(channel) } }

    public func resume(_ channel: String) { self.onLoop { $0.resume(channel) } }

    public func close(_ channels: [String]) { self.onLoop { $0.close(channels) } }

    public func listen(
        to names: [String], receive: @escaping @Sendable (Delivery) -> Void,
        event: @escaping @Sendable (ListeningEvent) -> Void
    ) -> any Listening {
        let listening = WireListening(names: names, receive: receive, event: event, layer: self)
        self.onLoop { $0.listen(listening) }
        return listening
    }

    /// Runs at once on the loop's own thread, soon from any other: many calls cost one wake-up.
    func onLoop(_ body: @escaping @Sendable (WireCore) -> Void) {
        if self.eventLoop.inEventLoop { return body(self.core.value) }
        let core = self.core
        self.inbox.put { body(core.value) }
    }
}
