import ArgumentParser
import SeawayClient
import SeawayConsole
import SeawayMessage

/// `seaway peek`
struct PeekCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "peek",
        abstract: "Show what waits on a channel without taking it.",
        discussion: """
            The oldest message comes first, with its age and the time until it expires.

              seaway peek http.request
              seaway peek --json --limit 1 jobs.mail | jq '.head[0].message'

            Of several brokers those in reach are shown. Exit codes: 0 done, 69 a broker is away, 74 no answer, 1 refused.
            """)

    @Argument(help: .channel("The channel.")) var channel: ChannelArgument
    @OptionGroup var looking: LookingOptions

    func run() async throws {
        try await self.looking.print(.channel(self.channel.name), as: "peek", table: AnswerTable.channel)
    }
}
