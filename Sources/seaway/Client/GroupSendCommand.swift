import ArgumentParser
import SeawayClient
import SeawayMessage

/// `seaway gsend`
struct GroupSendCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "gsend",
        abstract: "Send one message to all members of a group.",
        discussion: """
            Prints how many members got it, had no room, and were found closed. A group without members is no error.

              seaway gsend liveblog --text 'Goal!'            the browsers in the group get a text
              seaway gsend room --except room.7 '{"n":1}'

            Exit codes: those of seaway send.
            """)

    @Argument(help: .group("The group.")) var group: GroupArgument
    @OptionGroup var body: BodyOptions

    @Option(help: .channel("A member that is left out."))
    var except: ChannelArgument?

    @OptionGroup var format: FormatOptions
    @OptionGroup(title: "Brokers") var brokers: BrokersOptions

    func run() async throws {
        let message = try Message(self.body.payload())
        try await self.brokers.visit(as: "gsend") { layer in
            let counts = try await layer.send(message, toGroup: self.group.name, except: self.except?.name)
            try StandardOutput.write(
                self.format.json
                    ? "{\"sent\":\(counts.sent),\"full\":\(counts.full),\"gone\":\(counts.gone)}\n"
                    : "sent=\(counts.sent) full=\(counts.full) gone=\(counts.gone)\n")
        }
    }
}
