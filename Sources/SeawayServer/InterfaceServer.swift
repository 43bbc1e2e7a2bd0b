package import Logging
package import NIOCore
import NIOPosix
package import SeawayMessage
package import SeawayNIO

/// Turns HTTP/1.1 requests into messages and messages into answers (protocol/INTERFACE.md), over any layer.
///
/// It runs on the event loops that it is given: each has connections, and a layer, of its own. Where a layer's loop is
/// that very one, no request changes threads.
package final class InterfaceServer: Sendable {
    private struct Running {
        let loops: ServerLoops
        let listeners: Listeners
        let sweepers: [RepeatedTask]
        var isLeaving = false
    }

    private let configuration: ServerConfiguration
    private let group: any EventLoopGroup
    private let eventLoops: [any EventLoop]
    private let layers: [any ChannelLayer]
    /// The first of its loops.
    package let eventLoop: any EventLoop
    private let logger: Logger
    private let running: NIOLoopBoundBox<Running?>

    /// A server on one loop.
    package convenience init(
        configuration: ServerConfiguration, layer: any ChannelLayer, eventLoop: any EventLoop, logger: Logger
    ) {
        self.init(configuration: configuration, group: eventLoop, layers: [layer], logger: logger)
    }

    /// - Parameters:
    ///   - group: its loops, among which connections are dealt out in turn.
    ///   - layers: one for each of them, in their order; all lead to the same brokers.
    package init(
        configuration: ServerConfiguration, group: any EventLoopGroup, layers: [any ChannelLayer], logger: Logger
    ) {
        let eventLoops = Array(group.makeIterator())
        precondition(!layers.isEmpty && eventLoops.count == layers.count, "each loop has a layer")
        self.configuration = configuration
        self.group = group
        self.eventLoops = eventLoops
        self.layers = layers
        let eventLoop = eventLoops[0]
        self.eventLoop = eventLoop
        self.logger = logger
        self.running = NIOLoopBoundBox.makeEmptyBox(eventLoop: eventLoop)
    }

    /// Listens on the configured addresses and on the mailboxes.
    ///
    /// Does not wait for a broker: until one is in reach requests are answered with 503.
    ///
    /// - Returns: the addresses that the configured ones stand for, with the port that was picked if the configuration
    ///   left that open.
    /// - Throws: when one of them cannot be listened on.
    package func start() async throws -> [SocketAddress] {
        let loops = try await ServerLoops.make(self.configuration, self.eventLoops, self.layers, self.logger)
        let first = loops.first
        let listeners = try await Listeners.open(
            self.configuration.addresses, backlog: self.configuration.backlog, logger: self.logger,
            count: { first.value.counters.acceptFailures += 1 }
        ) {
            self.makeBootstrap(loops)
        }
        if let tls = self.configuration.tls { self.warn(of: tls) }
        let sweepers = try await loops.each { self.begin($0) }.get()
        try await self.eventLoop.submit {
            self.running.value = Running(loops: loops, listeners: listeners, sweepers: sweepers)
        }.get()
        return listeners.addresses
    }

    /// The first loop accepts, and deals connections out to all of them in turn: so few connections are spread as
    /// evenly as many.
    private func makeBootstrap(_ loops: ServerLoops) -> ServerBootstrap {
        let configuration = self.configuration
        return ServerBootstrap(group: self.eventLoop, childGroup: self.group)
            .serverChannelOption(.backlog, value: CInt(clamping: configuration.backlog))
            .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
            // A client that ends its sending side is answered (I30).
            .childChannelOption(.allowRemoteHalfClosure, value: true)
            // One behind the other goes by turns (I37).
            .childChannelOption(.maxMessagesPerRead, value: 1)
            .childChannelOption(
                .recvAllocator, value: AdaptiveRecvByteBufferAllocator(minimum: 512, initial: 1_024, maximum: 65_536)
            )
            .childChannelOption(
                .writeBufferWaterMark, value: .init(low: configuration.resumeBelow, high: configuration.maxUnsent)
            )
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    // A Unix socket has no such thing.
                    if channel.remoteAddress?.port != nil {
                        try channel.syncOptions?.setOption(.tcpOption(.tcp_nodelay), value: 1)
                    }
                    try channel.addServerHandlers(loops.core(of: channel))
                }
            }
    }

    private func warn(of tls: ServerTLS) {
        for warning in tls.warnings(at: HTTPDate.systemSeconds()) { self.logger.warning("\(warning)") }
    }

    /// - Returns: what looks for what has waited too long, again and again.
    private func begin(_ core: ServerCore) -> RepeatedTask {
        core.start()
        let interval = TimeAmount(self.configuration.sweepInterval)
        let bound = NIOLoopBound(core, eventLoop: core.eventLoop)
        return core.eventLoop.scheduleRepeatedTask(initialDelay: interval, delay: interval) { _ in
            bound.value.sweep(at: Moment(bound.eventLoop.now))
        }
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
        let loops = running.loops
        let deadline = self.eventLoop.now + TimeAmount(grace)
        let sweepers = running.sweepers
        // First, so that what has connected already is there when the rest is told to leave.
        return running.listeners.drainAndClose(on: self.eventLoop, dealingOutTo: self.eventLoops).flatMap {
            loops.eachWaiting { core in
                let limit = core.eventLoop.scheduleTask(deadline: deadline) { core.value.abort() }
                return core.value.drain(within: grace).always { _ in limit.cancel() }
            }
        }.flatMap {
            for sweeper in sweepers { sweeper.cancel() }
            // Only now: the first loop has what is sent to the sockets of all.
            return loops.eachWaiting { $0.value.stopListening() }
        }
    }

    /// Does something on each loop, in whose order the results are; none when the server does not run.
    func each<Result: Sendable>(
        _ body: @escaping @Sendable (ServerCore) -> Result
    ) -> EventLoopFuture<[Result]> {
        self.eventLoop.flatSubmit {
            self.running.value?.loops.each(body) ?? self.eventLoop.makeSucceededFuture([])
        }
    }

    /// From now on new connections are shown these certificates; those that are there keep what they have (E4).
    ///
    /// Of a server that has none already, since that speaks no TLS.
    package func replaceTLS(_ new: ServerTLS) async throws {
        let replaced = try await self.each { core in
            guard core.tls != nil else { return false }
            core.tls = new
            return true
        }.get()
        if replaced.contains(true) { self.warn(of: new) }
    }

    /// What one of the server's loops has done since its start; all zero when it does not run.
    package func counters(of loop: Int = 0) async throws -> ServerCounters {
        let all = try await self.each { $0.counters }.get()
        return all.indices.contains(loop) ? all[loop] : ServerCounters()
    }

    /// All that the server counts, over all of its loops (I26).
    package func metrics() -> EventLoopFuture<[Metric]> { self.each { $0.metrics.all }.map { [Metric](sumOf: $0) } }

    /// Looks now for what has waited too long, as the server does by itself at every
    /// ``ServerConfiguration/sweepInterval``.
    ///
    /// - Parameter later: how far the server's clock is put forward for it, so that tests need not wait.
    package func sweep(later: Duration = .zero) async throws {
        _ = try await self.each { $0.sweep(at: Moment($0.eventLoop.now) + later) }.get()
    }
}

extension TimeAmount {
    fileprivate init(_ duration: Duration) { self = .milliseconds(duration.wholeMilliseconds) }
}
