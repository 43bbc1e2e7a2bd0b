import ArgumentParser
import SeawayClient
import SeawayConsole
import SeawayMessage

/// `seaway join`
struct JoinCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "join",
        abstract: "Print copies of what is sent to a group, or make channels its members.",
        discussion: """
            Without channels it joins with a channel of its own, prints the group and the message of each copy, and leaves when SIGINT or \
            SIGTERM comes. With channels it makes those members and returns.

              seaway join liveblog                           liveblog {"text":"Goal!"}
              seaway join --json --count 10 liveblog         {"group":"liveblog","message":{"text":"Goal!"}}
              seaway join audit audit.log                    what is sent to the group is stored on audit.log too

            Exit codes: those of seaway listen.
            """)

    @Argument(help: .group("The group.")) var group: GroupArgument
    @Argument(help: ArgumentHelp("Channels that become members.", valueName: "channel"))
    var channels: [ChannelArgument] = []

    @OptionGroup var reading: ReadingOptions
    @OptionGroup var format: FormatOptions
    @OptionGroup(title: "Brokers") var brokers: BrokersOptions

    func run() async throws {
        try await self.brokers.visit(as: "join", goesOn: self.channels.isEmpty) { layer in
            guard self.channels.isEmpty else {
                return try await layer.join(self.group.name, self.channels.map(\.name))
            }
            try await self.printCopies(layer)
        }
    }

    private func printCopies(_ layer: any ChannelLayer) async throws {
        let mailbox = "seaway-join.\(String(UInt64.random(in: 0 ... .max), radix: 36))!"
        let group = self.group.name
        try await self.reading.print(
            [mailbox], of: layer, self.brokers,
            begin: { kept throws(ClientError) in
                if !kept { try await layer.join(group, ["\(mailbox)1"]) }
            },
            line: { self.format.json ? DeliveryLine.json(copy: $0) : DeliveryLine.text(copy: $0) })
    }
}
