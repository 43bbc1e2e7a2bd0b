import ArgumentParser
import SeawayClient
import SeawayMessage

/// `seaway nak`
struct NakCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "nak",
        abstract: "Take the oldest messages that wait on a channel, and put them off or give them up.",
        discussion: """
            Only the connection that holds a message can give it back: what another process holds this cannot touch (its own \
            worker gives it back, or its end does). So this takes what waits itself, the oldest first, and gives it back at once. \
            That counts as one more delivery.

              seaway nak --in 10m jobs.mail                              the first is tried again in ten minutes
              seaway nak --dead --why 'no such address' jobs.mail        the first goes to jobs.mail.dead
              seaway nak --dead --limit 100 jobs.mail

            Prints how many it were. Exit codes: 0 done, 69 no broker, 74 not known, 75 nothing waits, 77 not allowed, 1 refused.
            """)

    @Argument(help: .channel("The channel.")) var channel: NormalChannelArgument

    @Option(help: ArgumentHelp("Messages that are taken.", valueName: "number"))
    var limit = 1

    @Option(
        name: .customLong("in"),
        help: .time("Deliver them no earlier than that; at most 24h. Else in a second, and later each time."))
    var delay: TimeOption?

    @Flag(help: "Make dead letters of them.")
    var dead = false

    @Option(help: ArgumentHelp("With --dead: the reason, for people.", valueName: "text"))
    var why: String?

    @OptionGroup(title: "Brokers") var brokers: BrokersOptions

    func validate() throws {
        guard (1...1_000_000).contains(self.limit) else {
            throw ValidationError("--limit is \(self.limit); allowed is 1 to 1000000.")
        }
        guard !self.dead || self.delay == nil else { throw ValidationError("--in and --dead exclude each other.") }
        guard self.why == nil || self.dead else { throw ValidationError("--why goes with --dead.") }
        guard self.delay.map({ $0.milliseconds <= 86_400_000 }) ?? true else {
            throw ValidationError("--in is at most 24h.")
        }
    }

    func run() async throws {
        let verdict: HeldMessage.Verdict = self.dead ? .dead(self.why ?? "") : .again(after: self.delay?.duration)
        let taken = try await Taking.run(
            of: self.channel.name, limit: self.limit, as: "nak", self.brokers
        ) { _, held, _ in
            try await held.conclude(verdict)
            return true
        }
        try Visit.printing { try StandardOutput.write(lines: [self.dead ? "\(taken) given up" : "\(taken) put off"]) }
        if taken == 0 { throw ExitCode.notNow }
    }
}
