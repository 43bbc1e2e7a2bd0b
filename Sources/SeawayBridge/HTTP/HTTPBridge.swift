package import Logging
package import NIOCore
import NIOHTTP1
import NIOPosix
package import SeawayMessage
import SeawayNIO

/// Every bound of an ``HTTPBridge``.
package struct HTTPBridgeConfiguration: Sendable {
    package var rule = HTTPIntakeRule()
    /// Connections at once; those beyond are closed.
    package var maxConnections = 1_000
    /// Bodies that are being received, in all, in bytes; with more the answer is 503.
    package var maxBuffered = 64 << 20
    /// How long a connection may stay without a request.
    package var keepAlive = Duration.seconds(60)
    /// How long a body may take.
    package var bodyTimeout = Duration.seconds(30)

    package init() {}
}

/// Takes messages by HTTP: each `POST` becomes one send, whose outcome is the answer.
package final class HTTPBridge: BridgeSource {
    private let core: NIOLoopBoundBox<HTTPBridgeCore>
    private let eventLoop: any EventLoop

    /// - Parameter eventLoop: carries all connections.
    package init(
        _ configuration: HTTPBridgeConfiguration, layer: any ChannelLayer, eventLoop: any EventLoop, tally: BridgeTally
    ) {
        self.eventLoop = eventLoop
        self.core = NIOLoopBoundBox.makeBoxSendingValue(
            HTTPBridgeCore(configuration, layer, eventLoop, tally), eventLoop: eventLoop)
    }

    /// - Parameter port: 0 picks a free one.
    /// - Parameter onlyLoopback: whether an address that other machines reach is refused.
    /// - Returns: the addresses that the host stands for.
    /// - Throws: when one of them cannot be listened on.
    package func start(
        host: String, port: Int, onlyLoopback: Bool, logger: Logger
    ) async throws -> [SocketAddress] {
        let place = ListenPlace(host: host, port: port)
        let listeners = try await Listeners.open(place, onlyLoopback: onlyLoopback, logger: logger) {
            ServerBootstrap(group: self.eventLoop)
                .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
                .childChannelOption(.tcpOption(.tcp_nodelay), value: 1)
                .childChannelOption(.allowRemoteHalfClosure, value: true)
                .childChannelInitializer { channel in
                    channel.eventLoop.makeCompletedFuture { try self.core.value.add(channel) }
                }
        }
        try await self.eventLoop.submit { self.core.value.listeners = listeners }.get()
        return listeners.addresses
    }

    /// Answers until ``stop()``, and then what is under way.
    package func run() async throws {
        let ended = self.eventLoop.flatSubmit { self.core.value.end() }
        await withTaskCancellationHandler {
            // It only ever succeeds.
            try? await ended.get()
        } onCancel: {
            self.eventLoop.execute { self.core.value.closeAll() }
        }
    }

    /// From now on who posts has to know these; one that is `nil` stays as it is.
    package func replace(token: SharedSecret?, signature: HTTPSignature?) async throws {
        try await self.eventLoop.submit {
            let core = self.core.value
            if let token { core.configuration.rule.token = token }
            if let signature { core.configuration.rule.signature = signature }
        }.get()
    }

    package func stop() { self.eventLoop.execute { self.core.value.leave() } }
}

/// What the connections of a bridge share; lives on their loop.
final class HTTPBridgeCore {
    var configuration: HTTPBridgeConfiguration
    let layer: any ChannelLayer
    let tally: BridgeTally
    private let eventLoop: any EventLoop
    /// Somebody waits for the last connection.
    private var ended: EventLoopPromise<Void>?
    var listeners: Listeners?
    /// Bytes of bodies that are being received.
    var buffered = 0
    private(set) var isLeaving = false
    private var handlers: [ObjectIdentifier: HTTPBridgeHandler] = [:]

    init(
        _ configuration: HTTPBridgeConfiguration, _ layer: any ChannelLayer, _ eventLoop: any EventLoop,
        _ tally: BridgeTally
    ) {
        self.configuration = configuration
        self.layer = layer
        self.tally = tally
        self.eventLoop = eventLoop
    }

    func add(_ channel: any Channel) throws {
        guard !self.isLeaving, self.handlers.count < self.configuration.maxConnections else {
            return channel.close(promise: nil)
        }
        let handler = HTTPBridgeHandler(self, channel)
        self.handlers[ObjectIdentifier(handler)] = handler
        // Not when it becomes inactive: a connection that ends at once was never active.
        channel.closeFuture.assumeIsolated().whenComplete { _ in self.remove(handler) }
        let pipeline = channel.pipeline.syncOperations
        try pipeline.addHandler(HTTPResponseEncoder())
        try pipeline.addRequestHandlers()
        try pipeline.addHandler(HTTPServerPipelineHandler())
        try pipeline.addHandler(handler)
    }

    private func remove(_ handler: HTTPBridgeHandler) {
        self.handlers[ObjectIdentifier(handler)] = nil
        self.endIfEmpty()
    }

    /// - Returns: when it has left, and the last connection has ended.
    func end() -> EventLoopFuture<Void> {
        let ended = self.eventLoop.makePromise(of: Void.self)
        self.ended = ended
        self.endIfEmpty()
        return ended.futureResult
    }

    func leave() {
        guard !self.isLeaving else { return }
        self.isLeaving = true
        self.listeners?.close()
        for handler in self.handlers.values { handler.closeIfIdle() }
        self.endIfEmpty()
    }

    func closeAll() {
        self.leave()
        for handler in self.handlers.values { handler.close() }
    }

    private func endIfEmpty() {
        if self.isLeaving, self.handlers.isEmpty { self.ended.take()?.succeed() }
    }
}

@available(*, unavailable)
extension HTTPBridgeCore: Sendable {}
