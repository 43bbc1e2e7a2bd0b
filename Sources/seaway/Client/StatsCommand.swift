import ArgumentParser
import SeawayClient
import SeawayConsole
import SeawayMessage
import UnixSignals

/// `seaway stats`
struct StatsCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "stats",
        abstract: "Print what a broker counts, or list its channels, groups or connections.",
        discussion: """
            With --json it prints what the broker answers to STATS. With --watch it prints again and again, and how fast counters grow.

              seaway stats
              seaway stats --watch 5s
              seaway stats channels --limit 1000
              seaway stats --json --broker a:7411 --broker b:7411 | jq .messages

            Of several brokers those in reach are shown. Exit codes: 0 done, 69 a broker is away, 74 no answer, 1 refused.
            """)

    enum Kind: String, CaseIterable, ExpressibleByArgument {
        case channels, groups, connections

        var look: Look {
            switch self {
            case .channels: .channels
            case .groups: .groups
            case .connections: .connections
            }
        }
    }

    @Argument(help: "What to list; the broker as a whole unless given.") var kind: Kind?

    @Option(help: .time("Print again after this time, until SIGINT or SIGTERM comes."))
    var watch: TimeOption?

    @OptionGroup var looking: LookingOptions

    func validate() throws {
        guard self.watch.map({ $0.milliseconds >= 100 }) ?? true else {
            throw ValidationError("--watch is at least 100ms.")
        }
    }

    func run() async throws {
        let look = self.kind?.look ?? .totals
        guard let interval = self.watch else {
            return try await self.looking.print(look, as: "stats") { answers in self.lines(answers, nil) }
        }
        try await Signals.untilTold {
            var before: TotalsTable?
            while !Task.isCancelled {
                try await self.looking.print(look, as: "stats", goesOn: true) { answers in
                    defer { before = TotalsTable(answers) }
                    return self.lines(answers, before.map { ($0, interval) }) + [""]
                }
                try await Task.sleep(for: interval.duration)
            }
        }
    }

    private func lines(_ answers: [AnswerTable.Answer], _ before: (TotalsTable, TimeOption)?) -> [String] {
        if let kind = self.kind { return AnswerTable.page(answers, list: kind.rawValue) }
        return TotalsTable(answers).lines(
            since: before?.0, seconds: Double(before?.1.milliseconds ?? 0) / 1_000)
    }
}
