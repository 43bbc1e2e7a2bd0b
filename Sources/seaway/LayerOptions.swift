import ArgumentParser
import Logging
import NIOCore
import SeawayClient

/// The brokers of a client, and how long it waits for them.
struct LayerOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "A broker: host:port, tls://host:port or unix:PATH; repeat it for all of several, in any order (\([BrokerOption].fallback)).",
            valueName: "address"))
    var broker: [BrokerOption] = []

    @OptionGroup var credentials: CredentialOptions

    @Option(help: .time("Silence after which a broker is taken for dead, and what it had not waited for."))
    var failover = TimeOption(milliseconds: 2_000)

    @Option(help: .time("How long what is to be sent may wait for a connection to a broker; then a request gets 503."))
    var connectPatience = TimeOption(milliseconds: 2_000)

    /// How many brokers there are.
    var count: Int { max(1, self.broker.count) }

    func validate() throws {
        do {
            try self.bareConfiguration(clientName: "seaway").check()
        } catch let error as ShardedLayerConfiguration.Fault {
            throw ValidationError("--broker, --failover: \(error).")
        }
    }

    private func configuration(clientName: String) throws -> ShardedLayerConfiguration {
        var configuration = try self.bareConfiguration(clientName: clientName)
        try self.credentials.apply(to: &configuration.connection)
        return configuration
    }

    private func bareConfiguration(clientName: String) throws -> ShardedLayerConfiguration {
        var configuration = ShardedLayerConfiguration(brokers: try self.broker.addresses, clientName: clientName)
        configuration.failover = .milliseconds(self.failover.milliseconds)
        configuration.connection.connectPatience = .milliseconds(self.connectPatience.milliseconds)
        return configuration
    }

    /// Of a connection to each broker by itself, for those who look at them.
    func lookers(clientName: String) throws -> [WireLayerConfiguration] {
        let configuration = try self.configuration(clientName: clientName)
        return configuration.brokers.map { configuration.connection(to: $0) }
    }

    func makeLayer(clientName: String, eventLoop: any EventLoop, logger: Logger) throws -> any ConnectingLayer {
        try self.configuration(clientName: clientName).makeLayer(eventLoop: eventLoop, logger: logger)
    }
}
