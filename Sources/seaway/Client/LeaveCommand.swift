import ArgumentParser
import SeawayClient
import SeawayMessage

/// `seaway leave`
struct LeaveCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "leave",
        abstract: "End memberships of channels in a group.",
        discussion: """
            Leaving a group that a channel is not in succeeds.

              seaway leave audit audit.log
            """)

    @Argument(help: .group("The group.")) var group: GroupArgument
    @Argument(help: ArgumentHelp("Channels that leave.", valueName: "channel"))
    var channels: [ChannelArgument]

    @OptionGroup(title: "Brokers") var brokers: BrokersOptions

    func run() async throws {
        try await self.brokers.visit(as: "leave") { layer in
            try await layer.leave(self.group.name, self.channels.map(\.name))
        }
    }
}
