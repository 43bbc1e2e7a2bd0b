import ArgumentParser
import SeawayConsole
import SeawayMessage
import SeawayNATS

/// `seaway store`
struct StoreCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "store", abstract: "NATS servers that keep messages for brokers.", subcommands: [Check.self])
}

extension StoreCommand {
    /// `seaway store check`
    struct Check: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Say whether NATS servers can keep durable channels, and what to change.",
            discussion: """
                Looks, and changes nothing there: versions, JetStream and its limits, the largest message, how many servers there are, and \
                with --monitor whether messages are on a disk before they are acknowledged. protocol/DURABLE.md says what each means.

                  seaway store check nats://a:4222,b:4222,c:4222
                  seaway store check tls://a:4222 --store-tls-ca ca.pem --store-credentials seaway.creds --durable 'jobs.*'
                  seaway store check localhost --store-replicas 1 --monitor http://localhost:8222 --json

                Exit codes: 0 all is well, 1 it works, and a warning says what to know, 2 durable channels do not work so; 64 bad option.
                """)

        @Argument(help: ArgumentHelp("The servers, with commas between them.", valueName: "addresses"))
        var servers: StoreAddresses

        @OptionGroup var store: StoreOptions

        @Option(
            help: ArgumentHelp("The monitoring port of a server: http://HOST:8222; repeat it.", valueName: "url"))
        var monitor: [MonitorOption] = []

        @Option(
            help: ArgumentHelp(
                "Channels that are to be durable, as a broker's option of that name says; repeat it, or put commas between.",
                valueName: "pattern"))
        var durable: [PatternsOption] = []

        @OptionGroup var patience: PatienceOptions
        @OptionGroup var format: FormatOptions

        func run() async throws {
            let looking = StoreLooking(
                configuration: try self.store.configuration(self.servers.servers, name: "seaway-store-check"),
                tls: try self.store.identity(), patience: self.patience.timeout.milliseconds)
            var facts = await looking.facts(of: self.durable.flatMap(\.patterns), monitors: self.monitor.map(\.url))
            facts.replicas = self.store.storeReplicas
            let findings = StoreCheck.findings(facts)
            try Visit.printing { try StandardOutput.write(lines: self.lines(findings)) }
            let worst = findings.map(\.verdict).max() ?? .failure
            if worst.exitCode != 0 { throw ExitCode(Int32(worst.exitCode)) }
        }

        private func lines(_ findings: [StoreFinding]) -> [String] {
            guard !self.format.json else {
                return findings.map { finding in
                    let map: Message = [
                        "verdict": .string(finding.verdict.rawValue), "what": .string(finding.what),
                        "found": .string(finding.found), "advice": .string(finding.advice),
                    ]
                    return Printable.json(map.json)
                }
            }
            var table = Table([.init(""), .init(""), .init("")], hasTitles: false)
            table.rows = findings.map { [$0.verdict.rawValue, Printable.text($0.what), Printable.text($0.found)] }
            let advice = findings.filter { !$0.advice.isEmpty }
            guard !advice.isEmpty else { return table.lines }
            return table.lines + [""] + advice.map { "\(Printable.text($0.what)): \(Printable.text($0.advice))" }
        }
    }
}

/// `http://HOST:PORT` of a server's monitoring.
struct MonitorOption: CheckedArgument {
    let url: String

    init(checking argument: String) throws {
        guard argument.hasPrefix("http://") || argument.hasPrefix("https://"), argument.count > 8 else {
            throw ValidationError("'\(argument)' is no address of a monitoring port: http://HOST:8222.")
        }
        self.url = argument.hasSuffix("/") ? String(argument.dropLast()) : argument
    }
}
