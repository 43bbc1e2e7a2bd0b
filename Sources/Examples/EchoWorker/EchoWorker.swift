import ArgumentParser
import Logging
import SeawayClient
import SeawayWorker

/// A worker that accepts every WebSocket and sends back what comes: for `make conformance` and `make bench`.
@main
struct EchoWorker: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "seaway-echo-worker", abstract: "Accept WebSockets and send back what they say.")

    @Option(
        help: ArgumentHelp(
            "A broker: host:port, tls://host:port or unix:PATH; repeat it for all of several.", valueName: "address"))
    var broker = ["127.0.0.1:7411"]

    @Option(
        help:
            "Authorities that vouch for brokers at tls:// addresses, in PEM. (A token is in the environment: SEAWAY_TOKEN.)"
    )
    var tlsCa: String?

    @Option(help: "Milliseconds of silence after which one of several brokers is taken for dead.")
    var failover = 2_000

    @Option(help: "A group that every socket is put into.")
    var group: String?

    @Flag(
        inversion: .prefixedNo,
        help: "Take each socket's messages one at a time, and so send them back in order; or as many at once as come.")
    var serial = true

    @Flag(help: "Keep each socket at the worker that has accepted it.")
    var sticky = false

    @Option(help: "Messages worked on at a time.")
    var concurrency = 64

    func validate() throws {
        for text in self.broker where BrokerAddress(text) == nil {
            throw ValidationError("--broker is \(text); allowed is HOST:PORT, tls://HOST:PORT or unix:PATH.")
        }
        guard (1...65_536).contains(self.concurrency) else {
            throw ValidationError("--concurrency is \(self.concurrency); allowed is 1 to 65536.")
        }
    }

    func run() async throws {
        let logger = Logger(label: "echo") { StreamLogHandler.standardError(label: $0) }
        var brokers = ShardedLayerConfiguration(
            brokers: self.broker.compactMap { BrokerAddress($0) }, clientName: "echo")
        brokers.failover = .milliseconds(self.failover)
        if let tlsCa { brokers.connection.tls = try ClientTLS(authorities: tlsCa) }
        let layer = try brokers.makeLayer(logger: logger)
        let worker = Worker(layer: layer, concurrency: self.concurrency, logger: logger)
        let group = self.group
        worker.onWebSocket(serial: self.serial, sticky: self.sticky) { socket, _ in
            if let group { try await socket.join(group) }
            return .accept()
        } receive: { message, socket in
            try await socket.send(message)
        }
        layer.start()
        try await worker.runService()
        await layer.shutdown()
    }
}
