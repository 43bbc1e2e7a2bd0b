import ArgumentParser
import DemoSite
import Logging
import SeawayClient
import SeawayLog
import SeawayMessage
import SeawayTracing
import SeawayWorker
import SystemPackage

/// The Swift worker of `make demo`: the page, posts to `/swift` and `/any`, and the way to the heavy work. With
/// `--jobs` it is that of `make demo-durable`.
@main
struct DemoWorker: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "seaway-demo-worker", abstract: "Serve the page of the live blog.")

    @Option(
        help: ArgumentHelp(
            "A broker: host:port, tls://host:port or unix:PATH; repeat it for all of several (default: SEAWAY_BROKER, else \(BrokerAddress.local)).",
            valueName: "address"))
    var broker: [String] = []

    @Option(
        help:
            "Authorities that vouch for brokers at tls:// addresses, in PEM. (A token is in the environment: SEAWAY_TOKEN.)"
    )
    var tlsCa: String?

    @Option(help: "Milliseconds of silence after which a broker is taken for dead.")
    var failover = 2_000

    @Option(
        help: ArgumentHelp(
            "Do the jobs of this channel, and acknowledge each, in place of serving the page.", valueName: "channel"))
    var jobs: String?

    @Option(
        help: ArgumentHelp(
            "Collector that gets spans of requests, in the traces that the interface server names, by OTLP over HTTP.",
            valueName: "url"))
    var traceEndpoint: String?

    func validate() throws {
        if let traceEndpoint, OTLPConfiguration(endpoint: traceEndpoint) == nil {
            throw ValidationError("--trace-endpoint: a collector is http://HOST:PORT or https://HOST:PORT.")
        }
        do throws(BrokerAddress.NotAnAddress) {
            _ = try self.brokers()
        } catch {
            throw ValidationError("--broker: \(error).")
        }
    }

    /// Those of the options, else those of the environment, else the one of this machine.
    private func brokers() throws(BrokerAddress.NotAnAddress) -> [BrokerAddress] {
        var brokers: [BrokerAddress] = []
        for text in self.broker { brokers.append(try BrokerAddress(checking: text)) }
        if brokers.isEmpty { brokers = try BrokerAddress.fromEnvironment() }
        return brokers.isEmpty ? [.local] : brokers
    }

    func run() async throws {
        let logger = Logger.standardError(label: "demo.swift")
        var brokers = ShardedLayerConfiguration(
            brokers: try self.brokers(), clientName: "demo-swift")
        brokers.failover = .milliseconds(self.failover)
        if let tlsCa { brokers.connection.tls = try ClientTLS(authorities: tlsCa) }
        let layer = try brokers.makeLayer(logger: logger)
        let exporter = self.traceEndpoint.flatMap { OTLPConfiguration(endpoint: $0, service: "demo-swift") }
            .map { OTLPExporter($0, logger: logger) }
        let worker = Worker(layer: layer, logger: logger, tracer: exporter.map { OTLPTracer($0) })
        if let jobs {
            worker.on(jobs, acknowledged: true, Self.work)
        } else {
            DemoSite(broker: "\(try self.brokers()[0])").serve(on: worker, of: layer)
        }
        layer.start()
        // Its consumers compute next to nothing: they run where the connection is.
        try await withThrowingTaskGroup { group in
            if let exporter { group.addTask { try await exporter.run() } }
            try await withTaskExecutorPreference(layer.executor) { try await worker.runService() }
            group.cancelAll()
        }
        await layer.shutdown()
    }

    /// Does a job, and says so in a line: its number, and how many times it has been delivered.
    private static func work(_ message: IncomingMessage) async throws {
        guard let number = message["number"]?.int else { throw Dead("a job has a number") }
        try await Task.sleep(for: .milliseconds(20))
        try FileDescriptor.standardOutput.writeAll("\(number) \(message.times)\n".utf8)
    }
}
