import ArgumentParser
import Logging
import SeawayClient
import SeawayConfiguration
import SeawayMessage

/// The brokers of a command, and how it reaches them.
struct BrokersOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "A broker: host:port, tls://host:port or unix:PATH; repeat it for all of several (\([BrokerOption].fallback)).",
            valueName: "address"))
    var broker: [BrokerOption] = []

    @OptionGroup var context: ContextOptions
    @OptionGroup var credentials: CredentialOptions
    @OptionGroup var patience: PatienceOptions

    func validate() throws {
        do {
            try ShardedLayerConfiguration(brokers: self.addresses).check()
        } catch let error as ShardedLayerConfiguration.Fault {
            throw ValidationError("--broker: \(error).")
        }
    }

    var addresses: [BrokerAddress] {
        get throws {
            guard self.broker.isEmpty, let context = try self.context.find(unless: self.broker) else {
                return try self.broker.addresses
            }
            return try context.brokers.map { text in
                do throws(BrokerAddress.NotAnAddress) {
                    return try BrokerAddress(checking: text)
                } catch {
                    throw ValidationError("the context's broker: \(error).")
                }
            }
        }
    }

    /// What options say wins over what the context does.
    func apply(to configuration: inout WireLayerConfiguration) throws {
        if let context = try self.context.find(unless: self.broker) {
            try self.context.apply(context, to: &configuration)
        }
        try self.credentials.apply(to: &configuration)
    }

    /// What is told when no broker can be reached in time.
    var isMissing: Refusal {
        let addresses = ((try? self.addresses) ?? []).map(\.description).joined(separator: ", ")
        return Refusal(code: "unreachable", text: "no connection to \(addresses)")
    }

    /// Connects, does what is to be done over all of the brokers, and leaves; an error ends the process with one clear
    /// line.
    ///
    /// - Parameter goesOn: whether the command stays, so that it tells when a broker goes and comes.
    func visit<Result>(
        as name: String, goesOn: Bool = false, _ work: (any ConnectingLayer) async throws -> Result
    ) async throws -> Result {
        let layer = try Visit.layer(over: self.addresses, as: name, self, goesOn: goesOn)
        return try await Visit.with([layer]) { try await work(layer) }
    }
}

/// How long a command waits for a broker.
struct PatienceOptions: ParsableArguments {
    @Option(help: .time("How long a broker may take to be reached, and to answer."))
    var timeout = TimeOption(milliseconds: 5_000)

    func validate() throws {
        guard (1...3_600_000).contains(self.timeout.milliseconds) else {
            throw ValidationError("--timeout is \(self.timeout); allowed is more than 0 and at most 1h.")
        }
    }
}

/// What a command prints: lines for people, or JSON for programs.
struct FormatOptions: ParsableArguments {
    @Flag(help: "Print JSON, one map in each line.")
    var json = false
}
