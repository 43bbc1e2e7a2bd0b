import ArgumentParser
import SeawayConsole
import SeawayMessage

/// `seaway listen`
struct ListenCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "listen",
        abstract: "Take messages from channels and print one in each line.",
        discussion: """
            A message that is printed is taken: no other listener gets it. Use seaway peek to look without taking, and seaway join for \
            copies. Each line has the channel, then the message in JSON; with --json it is one map:

              seaway listen chat.log                         chat.log {"text":"hi"}
              seaway listen --json jobs.mail jobs.print      {"channels":["jobs.mail"],"message":{"to":"a@example.org"}}
              seaway listen --count 1 --for 10s results.17

            SIGINT and SIGTERM stop listening; what was on its way is still printed. A lost connection is made again.

            Exit codes: 0 done, 69 no broker, 74 the output broke, 75 fewer messages than --count within --for, 1 refused, or another \
            reader took a mailbox over.
            """)

    @Argument(help: ArgumentHelp("Channels, or mailboxes (ending in !).", valueName: "name"))
    var names: [ListeningArgument]

    @OptionGroup var reading: ReadingOptions
    @OptionGroup var format: FormatOptions
    @OptionGroup(title: "Brokers") var brokers: BrokersOptions

    func run() async throws {
        try await self.brokers.visit(as: "listen", goesOn: true) { layer in
            try await self.reading.print(
                self.names.map(\.name), of: layer, self.brokers,
                line: { self.format.json ? DeliveryLine.json($0) : DeliveryLine.text($0) })
        }
    }
}
