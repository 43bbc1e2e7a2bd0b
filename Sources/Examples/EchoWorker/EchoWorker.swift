import ArgumentParser
import Logging
import SeawayClient
import SeawayLog
import SeawayWorker

/// A worker that accepts every WebSocket and sends back what comes: for `make conformance` and `make bench`.
@main
struct EchoWorker: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "seaway-echo-worker", abstract: "Accept WebSockets and send back what they say.")

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
        do throws(BrokerAddress.NotAnAddress) {
            _ = try self.brokers()
        } catch {
            throw ValidationError("--broker: \(error).")
        }
        guard (1...65_536).contains(self.concurrency) else {
            throw ValidationError("--concurrency is \(self.concurrency); allowed is 1 to 65536.")
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
        let logger = Logger.standardError(label: "echo")
        var brokers = ShardedLayerConfiguration(
            brokers: try self.brokers(), clientName: "echo")
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
