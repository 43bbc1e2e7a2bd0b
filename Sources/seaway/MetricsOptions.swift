import ArgumentParser
import Logging
import NIOCore
import SeawayBroker
import SeawayLog
import SeawayNIO
import SeawayServer
import ServiceLifecycle

/// Where the counters of a process can be read.
struct MetricsOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "Address at which GET /metrics prints all counters for Prometheus; whoever reaches it may read them; nowhere unless given.",
            valueName: "host:port"))
    var metrics: PlaceOption?

    /// Takes the address, or ends the process with a clear line.
    ///
    /// - Parameter metrics: what is counted now; called on the event loop.
    /// - Returns: what is to be run with the rest, if anything.
    func open(
        _ eventLoop: any EventLoop, _ logger: Logger, _ metrics: @escaping @Sendable () -> [Metric]
    ) async throws -> [any Service] {
        try await self.open(eventLoop, logger) { eventLoop.makeSucceededFuture(metrics()) }
    }

    /// The same, for what is counted elsewhere.
    func open(
        _ eventLoop: any EventLoop, _ logger: Logger,
        _ metrics: @escaping @Sendable () -> EventLoopFuture<[Metric]>
    ) async throws -> [any Service] {
        guard let place = self.metrics?.place else { return [] }
        let server = MetricsServer(eventLoop: eventLoop, logger: logger) {
            metrics().map { $0 + [Self.droppedLines] }
        }
        let bound = try await Process.claiming(place.description) {
            try await server.start(host: place.host, port: place.port)
        }
        for address in bound { logger.info("metrics", metadata: ["address": "\(ListenPlace.text(address))"]) }
        return [MetricsService(server: server)]
    }

    /// Of the whole process.
    private static var droppedLines: Metric {
        Metric(
            "seaway_log_lines_dropped_total", "Lines of the log that were dropped, since nobody read them.",
            StandardErrorLog.dropped)
    }
}

/// Answers until everything else has left.
private struct MetricsService: Service {
    let server: MetricsServer

    func run() async throws {
        try await gracefulShutdown()
        await self.server.shutdown()
    }
}
