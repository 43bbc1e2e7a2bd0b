import ArgumentParser
import Logging
import SeawayClient
import SeawayMessage

/// How a command that asks one broker reaches it.
struct ClientOptions: ParsableArguments {
    @Option(help: ArgumentHelp("The broker: host:port or unix:PATH.", valueName: "address"))
    var broker = BrokerOption(.local)

    @OptionGroup var patience: PatienceOptions

    /// What is told when the broker cannot be reached in time.
    var isMissing: Refusal { Refusal(code: "unreachable", text: "no connection to \(self.broker.address)") }

    /// Connects, does what is to be done, and leaves; an error ends the process with one clear line.
    func visit<Result>(
        as name: String, _ work: (WireLayer) async throws -> Result
    ) async throws -> Result {
        try await Visit.to(self.broker.address, as: name, timeout: self.patience.timeout, work)
    }
}

/// How a command that looks at several brokers reaches them.
struct BrokersOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "A broker: host:port or unix:PATH; repeat it for more (default: \(BrokerAddress.local)).",
            valueName: "address"))
    var broker: [BrokerOption] = []

    @OptionGroup var patience: PatienceOptions

    var addresses: [BrokerAddress] { self.broker.isEmpty ? [.local] : self.broker.map(\.address) }
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
