import ArgumentParser
import Logging
import SeawayClient
import SeawayWorker
import ServiceLifecycle
import UnixSignals

/// The Swift worker of `make demo`, and the smallest whole worker there is.
@main
struct DemoWorker: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "seaway-demo-worker", abstract: "Answer requests with who answered them.")

    @Option(help: ArgumentHelp("The broker: host:port or unix:PATH.", valueName: "address"))
    var broker = "127.0.0.1:7411"

    @Option(help: "Channel to take requests from; repeat it for more.")
    var channel = ["http.request"]

    @Option(help: "Consumers at a time.")
    var concurrency = 64

    @Option(help: ArgumentHelp("Folder whose files are served at /.", valueName: "folder"))
    var site: String?

    func validate() throws {
        guard BrokerAddress(self.broker) != nil else {
            throw ValidationError("--broker is \(self.broker); allowed is HOST:PORT or unix:PATH.")
        }
        guard (1...65_536).contains(self.concurrency) else {
            throw ValidationError("--concurrency is \(self.concurrency); allowed is 1 to 65536.")
        }
    }

    func run() async throws {
        let logger = Logger(label: "demo.swift") { StreamLogHandler.standardError(label: $0) }
        let layer = WireLayer(
            .init(broker: BrokerAddress(self.broker) ?? .local, clientName: "demo-swift"), logger: logger)
        let worker = Worker(layer: layer, concurrency: self.concurrency, logger: logger)
        for channel in self.channel {
            worker.on(channel, path: "/*") { request in .text("hello from Swift: \(request.method) \(request.path)\n") }
        }
        layer.start()
        let group = ServiceGroup(
            configuration: .init(
                services: [.init(service: worker)], gracefulShutdownSignals: [.sigterm, .sigint], logger: logger))
        try await group.run()
        await layer.shutdown()
    }
}
