import Logging
import NIOCore
import SeawayMessage

/// The event loops of one server, each with a ``ServerCore``: its own connections, its own layer, its own mailbox.
///
/// They share nothing but ``ServerShares``, and the mailboxes of sockets, which are the first's.
struct ServerLoops: Sendable {
    /// At least one.
    private let cores: [NIOLoopBound<ServerCore>]

    /// - Parameter layers: one for each loop of the group, in their order.
    static func make(
        _ configuration: ServerConfiguration, _ eventLoops: [any EventLoop], _ layers: [any ChannelLayer],
        _ logger: Logger
    ) async throws -> ServerLoops {
        let shares = ServerShares(configuration, loops: eventLoops.count)
        var cores: [NIOLoopBound<ServerCore>] = []
        for (index, (eventLoop, layer)) in zip(eventLoops, layers).enumerated() {
            var home: SocketHome?
            if let first = cores.first { home = try await Self.home(at: first, for: index, layers[0]) }
            let place = LoopPlace(index: index, count: eventLoops.count, shares: shares, home: home)
            let core = try await eventLoop.submit {
                NIOLoopBound(
                    ServerCore(
                        configuration: configuration, layer: layer, eventLoop: eventLoop, logger: logger, place: place),
                    eventLoop: eventLoop)
            }.get()
            if let first = cores.first { try await first.eventLoop.submit { first.value.socketInbox.add(core) }.get() }
            cores.append(core)
        }
        return ServerLoops(cores: cores)
    }

    private static func home(
        at first: NIOLoopBound<ServerCore>, for index: Int, _ layer: any ChannelLayer
    ) async throws -> SocketHome {
        try await first.eventLoop.submit {
            let inbox = OnLoop(first.value.socketInbox, first.eventLoop)
            return SocketHome(layer: layer, names: first.value.socketInbox.names) { box, count in
                inbox.run { $0.taken(by: index, box, count) }
            }
        }.get()
    }

    /// The first, which has the listeners too.
    var first: NIOLoopBound<ServerCore> { self.cores[0] }

    /// The core of a connection; on the connection's loop.
    func core(of channel: any Channel) -> ServerCore {
        for core in self.cores where core.eventLoop === channel.eventLoop { return core.value }
        preconditionFailure("every connection is on one of the server's loops")
    }

    /// Does something on each loop.
    ///
    /// - Returns: what came of it, in the order of the loops; fulfilled on the first.
    func each<Result: Sendable>(
        _ body: @escaping @Sendable (ServerCore) -> Result
    ) -> EventLoopFuture<[Result]> {
        let results = self.cores.map { core in core.eventLoop.submit { body(core.value) } }
        return EventLoopFuture.whenAllSucceed(results, on: self.first.eventLoop)
    }

    /// The same, for what takes its time.
    func eachWaiting(
        _ body: @escaping @Sendable (NIOLoopBound<ServerCore>) -> EventLoopFuture<Void>
    ) -> EventLoopFuture<Void> {
        let results = self.cores.map { core in core.eventLoop.flatSubmit { body(core) } }
        return EventLoopFuture.andAllSucceed(results, on: self.first.eventLoop)
    }
}
