import ArgumentParser
import SeawayClient
import SeawayConsole
import SeawayMessage

/// How a command that looks at brokers asks them, and prints what they answer.
struct LookingOptions: ParsableArguments {
    @Option(help: ArgumentHelp("Entries of each broker that are shown.", valueName: "number"))
    var limit = 100

    @OptionGroup var format: FormatOptions
    @OptionGroup(title: "Brokers") var brokers: BrokersOptions

    func validate() throws {
        guard (1...1_000_000).contains(self.limit) else {
            throw ValidationError("--limit is \(self.limit); allowed is 1 to 1000000.")
        }
    }

    /// Asks each broker once and prints what they say.
    ///
    /// - Parameter table: what is printed without `--json`.
    func print(_ look: Look, as name: String, table: ([AnswerTable.Answer]) -> [String]) async throws {
        var answers: [AnswerTable.Answer] = []
        for address in self.brokers.addresses {
            let layer = try Visit.layer(to: address, as: name, self.brokers)
            let map = try await Visit.with([layer]) { try await layer.lookThrough(look, limit: self.limit) }
            answers.append(.init(broker: address.description, map: map))
        }
        try Visit.printing { try self.write(answers, table: table) }
    }

    func write(_ answers: [AnswerTable.Answer], table: ([AnswerTable.Answer]) -> [String]) throws {
        try StandardOutput.write(
            lines: self.format.json ? answers.map { $0.json(among: answers.count) } : table(answers))
    }
}
