package import Logging
package import NIOCore
package import SeawayClient
package import SeawayMessage
import Synchronization

/// A broker elsewhere, over a connection that is made when somebody looks for the first time.
package final class RemoteBroker: WatchedBroker {
    package let address: String
    private let configuration: WireLayerConfiguration
    private let eventLoop: any EventLoop
    private let logger: Logger
    private let layer = Mutex<WireLayer?>(nil)

    /// - Parameters:
    ///   - configuration: with the process's own credentials.
    ///   - eventLoop: carries the connections.
    package init(_ configuration: WireLayerConfiguration, eventLoop: any EventLoop, logger: Logger) {
        var configuration = configuration
        // Who looks is to hear soon that nobody is there.
        configuration.connectPatience = .milliseconds(500)
        configuration.maxBackoff = min(configuration.maxBackoff, .seconds(1))
        self.configuration = configuration
        self.address = configuration.broker.description
        self.eventLoop = eventLoop
        self.logger = logger
    }

    private var connected: WireLayer {
        self.layer.withLock { layer in
            if let layer { return layer }
            let made = WireLayer(self.configuration, eventLoop: self.eventLoop, logger: self.logger)
            made.start()
            layer = made
            return made
        }
    }

    package func look(
        at look: Look, limit: Int, after: String?, answer: @escaping @Sendable (LookAnswer) -> Void
    ) {
        self.connected.look(at: look, limit: limit, after: after, answer: answer)
    }

    /// On a connection of its own: one looks on at one list of patterns.
    package func tail(
        _ pattern: String, group: String?, events: @escaping @Sendable ([TailEvent]) -> Void
    ) -> any WatchedTail {
        let layer = WireLayer(self.configuration, eventLoop: self.eventLoop, logger: self.logger)
        layer.start()
        let tail = RemoteTail(layer)
        layer.tail([pattern]) { event in
            if let event = tail.pass(event, group: group) { events(event) }
        }
        return tail
    }

    package func end(connection id: String, age: Duration, answer: @escaping @Sendable (SendAnswer) -> Void) {
        self.connected.end(connection: id, age: age, answer: answer)
    }

    package func shutdown() async {
        if let layer = self.layer.withLock({ $0.take() }) { await layer.shutdown() }
    }
}

/// Who looks on over a connection: what was handed over and not taken is bounded, what comes meanwhile is dropped.
private final class RemoteTail: WatchedTail {
    private static let mostBytes = 256 << 10

    private struct State {
        var held = 0
        var missed = 0
    }

    private let layer: WireLayer
    private let state = Mutex(State())

    init(_ layer: WireLayer) { self.layer = layer }

    /// - Returns: what is to be handed over.
    func pass(_ event: TailEvent, group: String?) -> [TailEvent]? {
        guard case .copy(let copy) = event else { return [event] }
        if let group, copy.group != group { return nil }
        return self.state.withLock { state in
            guard state.held == 0 || state.held + copy.body.count <= Self.mostBytes else {
                state.missed += copy.channels.count
                return nil
            }
            state.held += copy.body.count
            defer { state.missed = 0 }
            return state.missed > 0 ? [.missed(state.missed), event] : [event]
        }
    }

    func took(_ bytes: Int) { self.state.withLock { $0.held -= bytes } }

    func stop() { self.layer.leave() }
}
