import ArgumentParser
import SeawayClient
import SeawayConsole
import SeawayMessage

/// `seaway members`
struct MembersCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "members",
        abstract: "List the channels that are in a group.",
        discussion: """
              seaway members liveblog
              seaway members --json liveblog | jq .total

            Of several brokers those in reach are shown. Exit codes: 0 done, 69 a broker is away, 74 no answer, 1 refused.
            """)

    @Argument(help: .group("The group.")) var group: GroupArgument
    @OptionGroup var looking: LookingOptions

    func run() async throws {
        try await self.looking.print(.members(of: self.group.name), as: "members", table: AnswerTable.members)
    }
}
