package import Logging
package import NIOCore
import NIOHTTP1
import NIOPosix
package import SeawayMessage
import SeawayNIO

/// Turns HTTP/1.1 requests into messages and messages into answers (protocol/INTERFACE.md), over any layer.
///
/// Everything runs on one event loop; give the layer's own, and nothing changes threads.
package final class InterfaceServer: Sendable {
    private struct Running {
        let core: ServerCore
        let listeners: Listeners
        let sweeper: RepeatedTask
        var isLeaving = false
    }

    private let configuration: ServerConfiguration
    private let layer: any ChannelLayer
    package let eventLoop: any EventLoop
    private let logger: Logger
    private let running: NIOLoopBoundBox<Running?>

    package init(
        configuration: ServerConfiguration, layer: any ChannelLayer, eventLoop: any EventLoop, logger: Logger
    ) {
        self.configuration = configuration
        self.layer = layer
        self.eventLoop = eventLoop
        self.logger = logger
        self.running = NIOLoopBoundBox.makeEmptyBox(eventLoop: eventLoop)
    }

    /// Listens on the configured address and on the reply mailbox.
    ///
    /// Does not wait for a broker: until one is in reach requests are answered with 503.
    ///
    /// - Returns: the addresses that the configured one stands for, with the port that was picked if the configuration left that open.
    /// - Throws: when one of them cannot be listened on.
    package func start() async throws -> [SocketAddress] {
        let core = try await self.eventLoop.submit {
            NIOLoopBound(
                ServerCore(
                    configuration: self.configuration, layer: self.layer, eventLoop: self.eventLoop,
                    logger: self.logger),
                eventLoop: self.eventLoop)
        }.get()
        let place = ListenPlace(host: self.configuration.host, port: self.configuration.port)
        let listeners = try await Listeners.open(
            place, logger: self.logger, count: { core.value.counters.acceptFailures += 1 }
        ) {
            self.makeBootstrap(core)
        }
        try await self.eventLoop.submit { self.begin(core.value, listeners) }.get()
        return listeners.addresses
    }

    private func makeBootstrap(_ core: NIOLoopBound<ServerCore>) -> ServerBootstrap {
        let configuration = self.configuration
        return ServerBootstrap(group: self.eventLoop)
            .serverChannelOption(.backlog, value: CInt(clamping: configuration.backlog))
            .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
            .childChannelOption(.tcpOption(.tcp_nodelay), value: 1)
            // A client that ends its sending side is answered (I30).
            .childChannelOption(.allowRemoteHalfClosure, value: true)
            .childChannelOption(
                .recvAllocator, value: AdaptiveRecvByteBufferAllocator(minimum: 512, initial: 1_024, maximum: 65_536)
            )
            .childChannelOption(
                .writeBufferWaterMark, value: .init(low: configuration.resumeBelow, high: configuration.maxUnsent)
            )
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture { try channel.addServerHandlers(core.value) }
            }
    }

    private func begin(_ core: ServerCore, _ listeners: Listeners) {
        core.start()
        let interval = TimeAmount(self.configuration.sweepInterval)
        let bound = NIOLoopBound(core, eventLoop: self.eventLoop)
        let sweeper = self.eventLoop.scheduleRepeatedTask(initialDelay: interval, delay: interval) { _ in
            bound.value.sweep(at: Moment(bound.eventLoop.now))
        }
        self.running.value = Running(core: core, listeners: listeners, sweeper: sweeper)
    }

    /// Takes no more connections, answers what is under way, and leaves (I25).
    ///
    /// - Parameter grace: how long requests under way may take; then their connections are closed.
    package func shutdown(grace: Duration) async {
        let stopped = self.eventLoop.flatSubmit { () -> EventLoopFuture<Void> in
            guard let running = self.running.value, !running.isLeaving
            else { return self.eventLoop.makeSucceededVoidFuture() }
            self.running.value?.isLeaving = true
            return self.stop(running, grace: grace).map { self.running.value = nil }
        }
        // Nothing that could be refused: what cannot be closed is closed already.
        try? await stopped.get()
    }

    private func stop(_ running: Running, grace: Duration) -> EventLoopFuture<Void> {
        running.listeners.close()
        let core = NIOLoopBound(running.core, eventLoop: self.eventLoop)
        let limit = self.eventLoop.scheduleTask(in: TimeAmount(grace)) { core.value.abort() }
        let sweeper = running.sweeper
        return running.core.drain().flatMap {
            limit.cancel()
            sweeper.cancel()
            return core.value.stopListening()
        }
    }

    /// What the server has done since its start; all zero when it does not run.
    package func counters() async throws -> ServerCounters {
        try await self.eventLoop.submit { self.running.value?.core.counters ?? ServerCounters() }.get()
    }

    /// All that the server counts, in the Prometheus text format; on its event loop only.
    package var metrics: [Metric] { self.running.value?.core.metrics.all ?? [] }

    /// Looks now for what has waited too long, as the server does by itself at every ``ServerConfiguration/sweepInterval``.
    ///
    /// - Parameter later: how far the server's clock is put forward for it, so that tests need not wait.
    package func sweep(later: Duration = .zero) async throws {
        try await self.eventLoop.submit {
            self.running.value?.core.sweep(at: Moment(self.eventLoop.now) + later)
        }.get()
    }
}

extension Channel {
    /// The handlers of one connection.
    package func addServerHandlers(_ core: ServerCore) throws {
        var limits = NIOHTTPDecoderLimitConfiguration()
        limits.maxHeaderFieldSize = core.configuration.maxRequestHead
        limits.maxHeaderListSize = core.configuration.maxRequestHead
        limits.maxHeaderFieldCount = core.configuration.maxRequestFields
        let meter = RequestMeter()
        try self.pipeline.syncOperations.addHandler(RequestDecoder.handler(limits: limits, meter: meter))
        try self.pipeline.syncOperations.addHandler(HTTP1Handler(core: core, meter: meter))
    }
}

extension TimeAmount {
    fileprivate init(_ duration: Duration) { self = .milliseconds(duration.wholeMilliseconds) }
}
