import ArgumentParser

/// The command line: one program for every part of the channel layer.
@main
struct Seaway: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "seaway",
        abstract: "A channel layer for every language.",
        discussion: """
            Web servers put requests on channels; workers in any language take them and answer.

              seaway demo                    a live blog to look at
              seaway up                      broker and interface server in one process
              seaway broker                  a broker alone
              seaway serve --broker ADDRESS  an interface server for a broker elsewhere
              seaway bridge                  existing services in groups and channels

              seaway send CHANNEL BODY       one message; seaway help send has examples, as all others do
              seaway stats                   what a broker counts

            Exit codes: 0 done, 1 refused, 64 bad option, 65 a body that is no message, 69 an address cannot be had or no broker \
            is in reach, 70 anything else, 74 stored or not: unknown, 75 refused for now, 77 not allowed.
            SEAWAY_BROKER says where brokers are, with white space between several; --broker wins. SEAWAY_TOKEN is a client's token.
            """,
        version: Version.text,
        subcommands: [
            DemoCommand.self, UpCommand.self, BrokerCommand.self, ServeCommand.self, BridgeCommand.self,
            TokenCommand.self,
            StoreCommand.self, ConfigCommand.self,
            ContextCommand.self, DoctorCommand.self,
        ],
        groupedSubcommands: [
            CommandGroup(
                name: "Messages",
                subcommands: [
                    SendCommand.self, GroupSendCommand.self, ListenCommand.self, AckCommand.self, NakCommand.self,
                    DeadCommand.self, TailCommand.self, JoinCommand.self, LeaveCommand.self,
                ]),
            CommandGroup(
                name: "Looking",
                subcommands: [
                    TopCommand.self, StatsCommand.self, PeekCommand.self, MembersCommand.self, EndCommand.self,
                ]),
        ])

    static func main() async {
        Process.outliveHangups()
        if let unknown = UnknownCommand(Array(CommandLine.arguments.dropFirst()), of: Self.self) {
            Process.say("\(unknown)")
            Self.exit(withError: ExitCode.validationFailure)
        }
        do {
            let launch = try Launch(Array(CommandLine.arguments.dropFirst()))
            Launch.ofProcess = launch
            var command = try Self.parseAsRoot(launch.arguments)
            if var command = command as? any AsyncParsableCommand {
                try await command.run()
            } else {
                try command.run()
            }
        } catch {
            Launch.exit(error)
        }
    }
}
