import ArgumentParser
import Logging
import SeawayClient
import SeawayWorker

/// The Swift worker of `make demo`: the page at `/`, every request of `/swift`, and a share of `/any`.
@main
struct DemoWorker: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "seaway-demo-worker", abstract: "Answer requests with who answered them.")

    @Option(help: ArgumentHelp("The broker: host:port or unix:PATH.", valueName: "address"))
    var broker = "127.0.0.1:7411"

    func validate() throws {
        guard BrokerAddress(self.broker) != nil else {
            throw ValidationError("--broker is \(self.broker); allowed is HOST:PORT or unix:PATH.")
        }
    }

    func run() async throws {
        var logger = Logger(label: "demo.swift") { StreamLogHandler.standardError(label: $0) }
        logger.logLevel = .warning
        let layer = WireLayer(
            .init(broker: BrokerAddress(self.broker) ?? .local, clientName: "demo-swift"), logger: logger)
        let worker = Worker(layer: layer, logger: logger)
        for channel in ["http.request.swift", "http.request.any"] {
            worker.on(channel, path: "/*") { _ in .text("hello from Swift, by \(channel)\n") }
        }
        for file in PageFile.all {
            worker.on("http.request", method: "GET", path: file.path) { _ in file.response }
        }
        layer.start()
        try await worker.runService()
        await layer.shutdown()
    }
}
