import ArgumentParser
import SeawayClient
import SeawayConsole
import SeawayMessage

/// `seaway dead`
struct DeadCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "dead",
        abstract: "Look at dead letters, send them again, or drop them.",
        discussion: """
            A message that was delivered as often as --tries of the broker allow, or that a worker has given up, is on CHANNEL.dead. \
            CHANNEL here is the channel that it came from.

              seaway dead list jobs.mail
              seaway dead retry --all jobs.mail              each goes to jobs.mail again, and is no dead letter any more
              seaway dead drop --older-than 12h --all jobs.mail

            Exit codes: 0 done, 69 no broker, 74 not known, 75 refused for now (the channel is full), 77 not allowed, 1 refused.
            """,
        subcommands: [DeadListCommand.self, DeadRetryCommand.self, DeadDropCommand.self])
}

/// `seaway dead list`
struct DeadListCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "list",
        abstract: "Show the dead letters of a channel: how long dead, how often tried, why, and the message.",
        discussion: """
            Nothing is taken. The longest dead comes first.

              seaway dead list jobs.mail
              seaway dead list --json jobs.mail | jq '.head[].message'

            Exit codes: those of seaway peek.
            """)

    @Argument(help: .channel("The channel that they came from.")) var channel: NormalChannelArgument

    @Option(help: .time("Only those that have been dead for longer."))
    var olderThan: TimeOption?

    @OptionGroup var looking: LookingOptions

    func run() async throws {
        let least = Int64(self.olderThan?.milliseconds ?? 0)
        try await self.looking.print(
            .channel(self.channel.deadLetters), as: "dead",
            only: { answer in
                guard least > 0, let head = answer["head"]?.list else { return answer }
                var answer = answer
                answer["head"] = .list(head.filter { ($0.map?["since"]?.int ?? 0) > least })
                return answer
            }, table: AnswerTable.deadLetters)
    }
}

/// Which dead letters a command is for.
struct DeadLettersOptions: ParsableArguments {
    @Option(help: ArgumentHelp("Of so many, the longest dead first.", valueName: "number"))
    var limit: Int?

    @Flag(help: "Of all that are there.")
    var all = false

    @Option(help: .time("Only those that have been dead for longer."))
    var olderThan: TimeOption?

    @OptionGroup(title: "Brokers") var brokers: BrokersOptions

    func validate() throws {
        guard (self.limit == nil) == self.all else { throw ValidationError("give either --limit or --all.") }
        guard self.limit.map({ (1...1_000_000).contains($0) }) ?? true else {
            throw ValidationError("--limit is \(self.limit ?? 0); allowed is 1 to 1000000.")
        }
    }

    /// - Returns: how many were dealt with.
    func take(
        of channel: NormalChannelArgument, _ each: (Delivery, HeldMessage, WireLayer) async throws -> Void
    ) async throws -> Int {
        let least = self.olderThan?.duration ?? .zero
        return try await Taking.run(
            of: channel.deadLetters, limit: self.limit ?? 1_000_000, as: "dead", self.brokers
        ) { delivery, held, layer in
            // They are in the order in which they died.
            guard least == .zero || (delivery.deadLetter?.age ?? .zero) > least else { return false }
            try await each(delivery, held, layer)
            return true
        }
    }
}

/// `seaway dead retry`
struct DeadRetryCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "retry",
        abstract: "Send dead letters to their channel again.",
        discussion: """
            Each is sent, and acknowledged together with that: none is lost, whatever breaks. It counts as new: --tries begins anew. Prints \
            how many it were.

              seaway dead retry --limit 1 jobs.mail
              seaway dead retry --all jobs.mail

            Exit codes: those of seaway dead; with 75 the channel is full, and the rest is where it was.
            """)

    @Argument(help: .channel("The channel that they came from.")) var channel: NormalChannelArgument
    @OptionGroup var letters: DeadLettersOptions

    func run() async throws {
        let sent = try await self.letters.take(of: self.channel) { delivery, held, layer in
            try await layer.send(
                delivery.body, to: self.channel.living, terms: MessageTerms(acknowledging: held))
        }
        try Visit.printing { try StandardOutput.write(lines: ["\(sent) sent to \(self.channel.living) again"]) }
    }
}

/// `seaway dead drop`
struct DeadDropCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "drop",
        abstract: "Forget dead letters.",
        discussion: """
            Prints how many it were.

              seaway dead drop --limit 1 jobs.mail
              seaway dead drop --older-than 12h --all jobs.mail

            Exit codes: those of seaway dead.
            """)

    @Argument(help: .channel("The channel that they came from.")) var channel: NormalChannelArgument
    @OptionGroup var letters: DeadLettersOptions

    func run() async throws {
        let dropped = try await self.letters.take(of: self.channel) { _, held, _ in try await held.acknowledge() }
        try Visit.printing { try StandardOutput.write(lines: ["\(dropped) dropped"]) }
    }
}
