package import Logging
package import NIOCore
import NIOHTTP1
import NIOPosix
package import SeawayNIO

/// Shows a process to people and to their tools, by HTTP: health, metrics, and the console with its API.
package final class AdminServer: Sendable {
    private let eventLoop: any EventLoop
    private let logger: Logger
    private let site: AdminSite
    private let connections: NIOLoopBoundBox<AdminConnections>

    /// - Parameters:
    ///   - access: who may ask; with ``AdminAccess/Rule/metricsForEverybody`` only `/metrics` is there.
    ///   - eventLoop: carries all of it; better none on which others wait.
    package init(
        _ site: AdminSite, _ access: AdminAccess, limits: AdminLimits = AdminLimits(), eventLoop: any EventLoop,
        logger: Logger
    ) {
        self.eventLoop = eventLoop
        self.logger = logger
        self.site = site
        self.connections = NIOLoopBoundBox.makeBoxSendingValue(
            AdminConnections(AdminCore(site, access, limits, eventLoop, logger)), eventLoop: eventLoop)
    }

    /// - Parameter onlyLoopback: whether an address that other machines reach is refused.
    /// - Returns: the addresses that the place stands for.
    /// - Throws: when one of them cannot be listened on.
    package func start(_ place: ListenPlace, onlyLoopback: Bool) async throws -> [SocketAddress] {
        let connections = self.connections
        let listeners = try await Listeners.open(place, onlyLoopback: onlyLoopback, logger: self.logger) {
            ServerBootstrap(group: self.eventLoop)
                .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
                .childChannelOption(.tcpOption(.tcp_nodelay), value: 1)
                .childChannelOption(.allowRemoteHalfClosure, value: true)
                .childChannelInitializer { channel in
                    channel.eventLoop.makeCompletedFuture { try connections.value.add(channel) }
                }
        }
        try await self.eventLoop.submit { connections.value.listeners = listeners }.get()
        return listeners.addresses
    }

    /// From now on requests are taken by this; who looks on already stays.
    package func replaceRule(_ rule: AdminAccess.Rule) async throws {
        let connections = self.connections
        try await self.eventLoop.submit { connections.value.core.access = AdminAccess(rule) }.get()
    }

    /// From now on it is not ready (`/readyz`), since the process leaves.
    package func noteLeaving() {
        let connections = self.connections
        self.eventLoop.execute { connections.value.core.isLeaving = true }
    }

    /// Takes no more questions, and ends those who look on.
    package func shutdown() async {
        let connections = self.connections
        // What cannot be closed is closed already.
        try? await self.eventLoop.submit { connections.value.close() }.get()
        for broker in self.site.brokers { await broker.shutdown() }
    }
}

/// The connections of one server. Lives on its loop.
final class AdminConnections {
    let core: AdminCore
    var listeners: Listeners?
    /// In the order in which they came.
    private var open: [AdminHandler] = []

    init(_ core: AdminCore) { self.core = core }

    func add(_ channel: any Channel) throws {
        self.makeRoom()
        let handler = AdminHandler(self.core, channel)
        self.open.append(handler)
        self.core.counters.connections += 1
        // Not when it becomes inactive: a connection that ends at once was never active.
        channel.closeFuture.assumeIsolated().whenComplete { _ in self.remove(handler) }
        let pipeline = channel.pipeline.syncOperations
        try pipeline.addHandler(HTTPResponseEncoder())
        try pipeline.addRequestHandlers()
        try pipeline.addHandler(InputEndHandler(handler))
        try pipeline.addHandler(HTTPServerPipelineHandler())
        try pipeline.addHandler(handler)
    }

    private func remove(_ handler: AdminHandler) {
        guard let index = self.open.firstIndex(where: { $0 === handler }) else { return }
        self.open.remove(at: index)
        self.core.counters.connections -= 1
    }

    /// Who only holds a place gives it to who asks: so nobody can shut out the others.
    private func makeRoom() {
        guard self.open.count >= self.core.limits.maxConnections else { return }
        let leaving = self.open.first { !$0.isAsked } ?? self.open[0]
        self.core.count(.connections)
        self.remove(leaving)
        leaving.close()
    }

    func close() {
        self.listeners?.close()
        self.listeners = nil
        for handler in self.open { handler.close() }
    }
}

@available(*, unavailable)
extension AdminConnections: Sendable {}

/// Tells at once that a client has ended its side: behind it that is held back until the answer is over, and a tail
/// never is.
private final class InputEndHandler: ChannelInboundHandler {
    typealias InboundIn = HTTPServerRequestPart

    private let handler: AdminHandler

    init(_ handler: AdminHandler) { self.handler = handler }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if event as? ChannelEvent == .inputClosed { self.handler.inputEnded() }
        context.fireUserInboundEventTriggered(event)
    }
}

@available(*, unavailable)
extension InputEndHandler: Sendable {}
