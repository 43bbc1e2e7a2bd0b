import ArgumentParser
import Foundation
import SeawayClient
import SeawayConfiguration
import SeawayConsole
import SeawayWire

/// `seaway doctor`
struct DoctorCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "doctor",
        abstract: "Look at this machine, its configuration and its brokers, and say what to change.",
        discussion: """
            Limits of the system, the clock, certificates and tokens of the configuration, who listens where and who reaches that, \
            variables that look like options and are none; then the brokers: whether they answer, what they can do, how near they \
            are to their limits, and what the token allows. Nothing is sent, taken or changed. A line stands for each finding: ok, \
            warn or fail.

              seaway doctor
              seaway doctor --config /etc/seaway/seaway.yaml
              seaway doctor --broker tls://a:7411 --token-file web.token --send 'http.request' --listen chat.7

            Exit codes: 0 nothing has failed, 1 something has, 64 bad option.
            """)

    @OptionGroup var file: ConfigurationOptions

    @Option(help: ArgumentHelp("The token is to allow sending to this channel or group; repeat it.", valueName: "name"))
    var send: [String] = []

    @Option(help: ArgumentHelp("The token is to allow listening on this channel; repeat it.", valueName: "channel"))
    var listen: [String] = []

    @Option(help: ArgumentHelp("The token is to allow joining this group; repeat it.", valueName: "group"))
    var join: [String] = []

    @OptionGroup var format: FormatOptions
    @OptionGroup(title: "Brokers") var brokers: BrokersOptions

    func validate() throws {
        for (option, names) in [("send", self.send), ("listen", self.listen), ("join", self.join)] {
            for name in names where NameForm(Array(name.utf8).span) == nil {
                throw ValidationError("--\(option): '\(name)' is no name.")
            }
        }
    }

    func run() async throws {
        let host = HostFacts.ofThisMachine
        let processes = self.commandLines.map { ConfiguredProcess($0, now: host.seconds) }
        let needs = HostNeeds(
            descriptors: processes.map(\.descriptors).max() ?? 0, memory: processes.map(\.memory).reduce(0, +))
        var findings = HostCheck.findings(host, needs)
        var told: Set<Finding> = []
        findings += processes.flatMap(\.findings).filter { told.insert($0).inserted }
        for (name, meant) in EnvironmentNames.strangers(
            ProcessInfo.processInfo.environment, ConfigurableCommand.all.map(\.settings))
        {
            findings.append(Finding(.warn, "environment", "\(name) is no option", advice: "is \(meant) meant?"))
        }
        for facts in processes.flatMap(\.listenings) { findings.append(ListeningCheck.finding(await facts.looked())) }
        for facts in try await self.visits(processes) {
            findings += BrokerCheck.findings(facts, known: Set(WireFeatures.names))
        }
        try Visit.printing {
            try StandardOutput.write(lines: findings.map { self.format.json ? $0.json : $0.line })
        }
        if findings.contains(where: { $0.grade == .fail }) { throw ExitCode.failure }
    }

    /// Of the commands that the configuration has a section for; of broker and serve where there is none.
    private var commandLines: [[String]] {
        let path = self.file.config ?? ProcessInfo.processInfo.environment[EnvironmentNames.config] ?? ""
        guard !path.isEmpty else { return [["broker"], ["serve"]] }
        let sections = (try? Launch.file(path))?.entries.map { $0.path[0] } ?? ["broker"]
        let known = ["broker", "serve", "up"].filter(sections.contains)
        return (known.isEmpty ? ["broker"] : known).map { [$0, "--config", path] }
    }

    /// Looks at all brokers at once: those that are named, else those of the configuration.
    private func visits(_ processes: [ConfiguredProcess]) async throws -> [BrokerFacts] {
        let environment = ProcessInfo.processInfo.environment[BrokerAddress.variable] ?? ""
        let isNamed =
            try !self.brokers.broker.isEmpty || !environment.isEmpty || self.brokers.context.find(unless: []) != nil
        let own = processes.flatMap(\.brokers)
        var addresses = try self.brokers.addresses
        if !isNamed, !own.isEmpty { addresses = own.compactMap { BrokerAddress($0) } }
        var seen: Set<BrokerAddress> = []
        addresses = addresses.filter { seen.insert($0).inserted }
        let layers = try addresses.map { ($0, try Visit.layer(to: $0, as: "doctor", self.brokers)) }
        let wishes = self.wishes
        return await withTaskGroup { group in
            for (index, (address, layer)) in layers.enumerated() {
                group.addTask { (index, await BrokerFacts.look(address.description, layer, wishes)) }
            }
            return await group.reduce(into: []) { $0.append($1) }.sorted { $0.0 < $1.0 }.map(\.1)
        }
    }

    private var wishes: [BrokerFacts.Wish] {
        let asked =
            self.send.map { BrokerFacts.Wish(right: "send", name: $0, isWanted: true) }
            + self.listen.map { BrokerFacts.Wish(right: "listen", name: $0, isWanted: true) }
            + self.join.map { BrokerFacts.Wish(right: "join", name: $0, isWanted: true) }
        guard asked.isEmpty else { return asked }
        // What servers and workers of HTTP need, and operators.
        return [
            BrokerFacts.Wish(right: "send", name: "http.request", isWanted: false),
            BrokerFacts.Wish(right: "listen", name: "http.request", isWanted: false),
            BrokerFacts.Wish(right: "look into", name: "*", isWanted: false),
        ]
    }
}
