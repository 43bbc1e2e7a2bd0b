import CSeaway
package import Logging
package import NIOCore
import NIOPosix
package import SeawayMessage
package import SeawayNIO
import SeawayStore

/// A broker with its listeners: everything on one event loop.
package final class Broker: Sendable {
    /// Where a broker listens.
    package enum Address: Hashable, Sendable, CustomStringConvertible {
        case tcp(host: String, port: Int)
        /// The same with TLS (U7).
        case tls(host: String, port: Int)
        case unix(path: String)
        /// Sockets that the process has from whoever started it: `fd:N` or `systemd[:NAME]`, with `tls://` in front for
        /// TLS.
        case handedOver(ListenAddress, isSecured: Bool)

        package var description: String {
            switch self {
            case .tcp(let host, let port): ListenPlace.text(host, port)
            case .tls(let host, let port): "tls://\(ListenPlace.text(host, port))"
            case .unix(let path): "unix:\(path)"
            case .handedOver(let place, let isSecured): "\(isSecured ? "tls://" : "")\(place)"
            }
        }

        /// Whether other machines may reach it: a host whose name is not that of the loopback may be any. Of a socket
        /// that is handed over it shows when that is listened on.
        package var isReachedFromElsewhere: Bool {
            guard let host = self.host, host != "localhost", host != "::1" else { return false }
            guard case .v4? = try? SocketAddress(ipAddress: host, port: 0) else { return true }
            return !host.hasPrefix("127.")
        }

        private var host: String? {
            switch self {
            case .tcp(let host, _), .tls(let host, _): host
            case .unix, .handedOver: nil
            }
        }

        package var isSecured: Bool {
            switch self {
            case .tls, .handedOver(_, isSecured: true): true
            case .tcp, .unix, .handedOver(_, isSecured: false): false
            }
        }
    }

    /// An address with TLS, and nothing to show there.
    package struct NoCertificate: Error, CustomStringConvertible {
        package var description: String { "it has no certificate" }
    }

    /// Connections that the system holds before they are accepted.
    private static let backlog = 1_024
    /// How often deadlines are looked after; the precision of all time limits but expiry.
    private static let checkInterval = TimeAmount.milliseconds(Int64(BrokerCore.checkInterval))

    /// Between two turns. What is due by the time when a loop has done everything it does before it looks for whoever
    /// is ready, so nothing may be due then: this is longer than it takes to get there, and short beside a turn.
    private static let breath = TimeAmount.microseconds(50)

    private let eventLoop: any EventLoop
    private let logger: Logger
    /// Of the files of Unix sockets.
    private let unixMode: Int
    /// Whoever is there may do everything, so that nobody may be there from elsewhere (U1).
    private let onlyLoopback: Bool
    private let core: NIOLoopBound<BrokerCore>
    private let listeners: NIOLoopBoundBox<[any Channel]>
    private let checks: NIOLoopBoundBox<RepeatedTask?>
    private let tls: NIOLoopBoundBox<ServerTLS?>

    /// - Parameters:
    ///   - eventLoop: carries everything; code that shares it pays for no thread change.
    ///   - clock: milliseconds that never go back, for tests, who then call ``check()`` when it has moved; real time
    ///     when `nil`.
    package static func make(
        configuration: BrokerConfiguration, eventLoop: any EventLoop, logger: Logger,
        clock: (@Sendable () -> Int)? = nil
    ) async throws -> Broker {
        let broker = try await eventLoop.submit { Broker(configuration, eventLoop, logger, clock) }.get()
        if configuration.makeStore != nil { try await broker.startStore() }
        return broker
    }

    /// What keeps durable channels is not as it has to be.
    package struct StoreNotReady: Error, CustomStringConvertible {
        package let description: String

        init(_ fault: StoreFault) {
            self.description =
                switch fault {
                case .unavailable(let text), .unsupported(let text): text
                case .unknown: "it has not answered"
                }
        }
    }

    private func startStore() async throws {
        let core = self.core
        let started = self.eventLoop.makePromise(of: Void.self)
        try await self.eventLoop.submit {
            core.value.store?.start { fault in
                guard let fault else { return started.succeed(()) }
                started.fail(StoreNotReady(fault))
            }
        }.get()
        try await started.futureResult.get()
    }

    private init(
        _ configuration: BrokerConfiguration, _ eventLoop: any EventLoop, _ logger: Logger,
        _ clock: (@Sendable () -> Int)?
    ) {
        self.eventLoop = eventLoop
        self.logger = logger
        self.unixMode = configuration.unixMode
        self.onlyLoopback = configuration.tokens == nil
        let core = BrokerCore(
            configuration: configuration, clock: clock ?? { Int(NIODeadline.now().uptimeNanoseconds / 1_000_000) },
            store: configuration.makeStore?(eventLoop))
        core.noteStore = { state in
            switch state {
            case .connected(to: let server): logger.info("the store is there", metadata: ["server": "\(server)"])
            case .away(let why): logger.warning("the store is away", metadata: ["error": "\(why)"])
            }
        }
        self.core = NIOLoopBound(core, eventLoop: eventLoop)
        self.listeners = NIOLoopBoundBox([], eventLoop: eventLoop)
        self.checks = NIOLoopBoundBox(nil, eventLoop: eventLoop)
        self.tls = NIOLoopBoundBox(configuration.tls, eventLoop: eventLoop)
        // The core is not to hold itself.
        let weakly = NIOLoopBound(Weakly(core), eventLoop: eventLoop)
        core.scheduleTurnEnd = { eventLoop.execute { weakly.value.core?.endTurn() } }
        core.workshop.runElsewhere = { job, done in
            NIOThreadPool.singleton.runIfActive(eventLoop: eventLoop) { job.run() }.assumeIsolated().whenComplete {
                // A process that is ending may have no threads any more.
                done((try? $0.get()) ?? job.run())
            }
        }
        core.scheduleRound = { eventLoop.scheduleTask(in: Self.breath) { weakly.value.core?.goOn() } }
        core.giveMemoryBack = { cseaway_give_memory_back() }
        core.stopwatch = { Int(cseaway_thread_time()) }
        guard clock == nil else { return }
        core.scheduleWake = { milliseconds in
            eventLoop.scheduleTask(in: .milliseconds(Int64(milliseconds))) { weakly.value.core?.giveOutDue() }
        }
        let bound = self.core
        self.checks.value = eventLoop.scheduleRepeatedTask(
            initialDelay: Self.checkInterval, delay: Self.checkInterval
        ) { _ in bound.value.check() }
    }

    private struct Weakly {
        weak var core: BrokerCore?
        init(_ core: BrokerCore) { self.core = core }
    }

    /// Looks after everything that has a deadline, where the clock is the caller's.
    package func check() async throws {
        try await self.look { $0.check() }
    }

    /// Runs on the broker's loop.
    func look<Result: Sendable>(_ body: @escaping @Sendable (BrokerCore) -> Result) async throws -> Result {
        let core = self.core
        return try await self.eventLoop.submit { body(core.value) }.get()
    }

    /// Runs on the broker's loop, at once where that is the caller's.
    func onLoop(_ body: @escaping @Sendable (BrokerCore) -> Void) {
        let core = self.core
        if self.eventLoop.inEventLoop { return body(core.value) }
        self.eventLoop.execute { body(core.value) }
    }

    /// Listens at one more address, or at all of those that its name stands for.
    ///
    /// - Returns: what is listened on now, with the port that was taken when 0 was asked for.
    /// - Throws: when an address is taken, not this machine's, or reached from others although there are no tokens.
    package func listen(on address: Address) async throws -> [Address] {
        let tls = self.tls
        if address.isSecured, try await self.eventLoop.submit({ tls.value == nil }).get() { throw NoCertificate() }
        let channels: [any Channel] =
            switch address {
            case .tcp(let host, let port), .tls(let host, let port):
                try await self.bind(ListenPlace(host: host, port: port), isSecured: address.isSecured)
            case .unix(let path):
                try await Listeners.open(
                    path: path, mode: self.unixMode,
                    bootstrap: Listeners.pausing(
                        self.makeBootstrap(isSecured: false), self.logger, self.countAcceptFailure)
                ).channels
            case .handedOver(let place, let isSecured):
                try await Listeners.open(
                    [place], backlog: Self.backlog, onlyLoopback: self.onlyLoopback, logger: self.logger,
                    count: self.countAcceptFailure
                ) {
                    self.makeBootstrap(isSecured: isSecured)
                }.channels
            }
        let listeners = self.listeners
        try await self.eventLoop.submit { listeners.value += channels }.get()
        return channels.map { channel in
            guard let bound = channel.localAddress, let host = bound.ipAddress, let port = bound.port else {
                return channel.localAddress?.pathname.map { .unix(path: $0) } ?? address
            }
            return address.isSecured ? .tls(host: host, port: port) : .tcp(host: host, port: port)
        }
    }

    private func bind(_ place: ListenPlace, isSecured: Bool) async throws -> [any Channel] {
        try await Listeners.open(
            place, onlyLoopback: self.onlyLoopback, logger: self.logger, count: self.countAcceptFailure
        ) {
            self.makeBootstrap(isSecured: isSecured)
        }.channels
    }

    private var countAcceptFailure: @Sendable () -> Void {
        let core = self.core
        return { core.value.counters.acceptFailures += 1 }
    }

    private func makeBootstrap(isSecured: Bool) -> ServerBootstrap {
        let core = self.core
        let logger = self.logger
        let tls = self.tls
        return ServerBootstrap(group: self.eventLoop)
            .serverChannelOption(.backlog, value: CInt(Self.backlog))
            .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
            .serverChannelOption(.maxMessagesPerRead, value: 64)
            .childChannelOption(.allowRemoteHalfClosure, value: true)
            .childChannelOption(.maxMessagesPerRead, value: 1)
            // Small to begin with: an idle connection is to cost little.
            .childChannelOption(
                .recvAllocator,
                value: AdaptiveRecvByteBufferAllocator(minimum: 512, initial: 1_024, maximum: ConnectionMemory.mostRoom)
            )
            .childChannelOption(.writeBufferWaterMark, value: .init(low: 32_768, high: 65_536))
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    if channel.remoteAddress?.port != nil {
                        try channel.syncOptions?.setOption(.tcpOption(.tcp_nodelay), value: 1)
                    }
                    if isSecured, let tls = tls.value {
                        try channel.pipeline.syncOperations.addHandler(tls.makeHandler())
                    }
                    try channel.pipeline.syncOperations.addHandler(
                        ConnectionHandler(core: core.value, logger: logger))
                }
            }
    }

    /// From now on these tokens hold, for those who are connected too (U6).
    package func replaceTokens(_ tokens: Tokens) async throws { try await self.look { $0.replaceTokens(tokens) } }

    /// From now on new connections are shown this certificate; those that are there keep what they have.
    package func replaceTLS(_ new: ServerTLS) async throws {
        let tls = self.tls
        try await self.eventLoop.submit { tls.value = new }.get()
    }

    /// Takes no more connections, says goodbye, delivers what can be delivered, and ends all connections (X2).
    ///
    /// - Parameter milliseconds: how long that may take.
    package func shutDown(within milliseconds: Int) async throws {
        let core = self.core
        let listeners = self.listeners
        let checks = self.checks
        try await self.eventLoop.flatSubmit {
            for listener in listeners.value { listener.close(promise: nil) }
            listeners.value = []
            core.value.shutDown(within: milliseconds)
            let over = self.eventLoop.makePromise(of: Void.self)
            core.value.whenOver { over.succeed(()) }
            return over.futureResult
        }.get()
        try await self.eventLoop.submit {
            checks.value?.cancel()
            checks.value = nil
        }.get()
    }

    /// The store itself as a layer for code in this process.
    ///
    /// - Parameter own: the loop where answers and deliveries come; `nil`: the broker's, for which nothing changes
    ///   threads.
    package func makeLayer(clientName: String, on own: (any EventLoop)? = nil) -> any ChannelLayer {
        InProcessLayer(
            core: self.core, eventLoop: self.eventLoop, own: own ?? self.eventLoop, clientName: clientName)
    }

    /// Looks on at what comes to channels that match, until that is stopped; nothing is taken by it.
    ///
    /// - Parameters:
    ///   - patterns: 1 to 1,024 patterns (N5).
    ///   - group: only what comes through this group; `nil`: everything.
    ///   - events: called on the broker's loop with what one turn has brought; must not block.
    package func tail(
        _ patterns: [String], group: String?, events: @escaping @Sendable ([TailEvent]) -> Void
    ) -> LocalTail {
        LocalTail(self, self.eventLoop, patterns, group: group, events: events)
    }
}
