import ArgumentParser
import Logging
import SeawayClient
import SeawayMessage
import SeawayWorker

/// The Swift worker of the WebSocket loads: sockets of `/live` join the group, what comes on others goes back.
@main
struct BenchWorker: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "seaway-bench-worker", abstract: "Accept sockets; /live joins a group, others get an echo.")

    @Option(help: ArgumentHelp("The broker: host:port or unix:PATH.", valueName: "address"))
    var broker = "127.0.0.1:7411"

    func validate() throws {
        guard BrokerAddress(self.broker) != nil else {
            throw ValidationError("--broker is \(self.broker); allowed is HOST:PORT or unix:PATH.")
        }
    }

    func run() async throws {
        var logger = Logger(label: "bench.swift") { StreamLogHandler.standardError(label: $0) }
        logger.logLevel = .warning
        let layer = WireLayer(
            .init(broker: BrokerAddress(self.broker) ?? .local, clientName: "bench-swift"), logger: logger)
        let worker = Worker(layer: layer, logger: logger)
        worker.on("websocket.connect.live") { message in
            guard let socket = message.replyChannel else { return }
            try await message.layer.join("liveblog", [socket])
            try await message.reply(["accept": true])
        }
        worker.on("websocket.connect") { message in try await message.reply(["accept": true]) }
        worker.on("websocket.receive") { message in try await message.reply(["text": message["text"] ?? .null]) }
        // Memberships end with their channel, so there is nothing to tidy up.
        for channel in ["websocket.receive.live", "websocket.disconnect", "websocket.disconnect.live"] {
            worker.on(channel) { _ in }
        }
        layer.start()
        try await worker.runService()
        await layer.shutdown()
    }
}
