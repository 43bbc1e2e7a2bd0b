package import NIOCore
package import SeawayMessage
package import SeawayServer

/// What there is to be seen of one process.
package struct AdminSite: Sendable {
    package enum Kind: String, Sendable { case broker, serve, up, bridge }

    package let kind: Kind
    /// Of the program; the commit is empty where nobody says it.
    package let version: String
    package let commit: String
    /// Those that the console shows.
    package var brokers: [any WatchedBroker] = []
    /// The broker of this very process, whose counters stand in its metrics.
    package var ownBroker: (any WatchedBroker)?
    /// Through which the console sends.
    package var layer: (any ChannelLayer)?
    /// On which channels workers have to listen for the process to be ready.
    package var channels: [String] = []
    /// Why the process is not ready by itself, called back once; `nil`: it is.
    package var fault: @Sendable (@escaping @Sendable (String?) -> Void) -> Void = { $0(nil) }
    /// What else is counted now, by names of its own.
    package var metrics: @Sendable () -> EventLoopFuture<[Metric]>

    package init(
        _ kind: Kind, version: String, commit: String, metrics: @escaping @Sendable () -> EventLoopFuture<[Metric]>
    ) {
        self.kind = kind
        self.version = version
        self.commit = commit
        self.metrics = metrics
    }

    var buildInfo: Metric {
        Metric(
            "seaway_build_info", "Which program this is: always 1.", .gauge,
            [
                Metric.Sample(
                    .integer(1),
                    [
                        .init("version", self.version), .init("commit", self.commit.isEmpty ? "unknown" : self.commit),
                        .init("kind", self.kind.rawValue),
                    ])
            ])
    }
}
