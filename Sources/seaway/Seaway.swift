import ArgumentParser

/// The command line: one program for every part of the channel layer.
@main
struct Seaway: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "seaway",
        abstract: "A channel layer for every language.",
        discussion: """
            Web servers put requests on channels; workers in any language take them and answer.

              seaway up                      broker and interface server in one process
              seaway broker                  a broker alone
              seaway serve --broker ADDRESS  an interface server for a broker elsewhere
              seaway bridge                  existing services in groups and channels

            Exit codes: 0 done, 64 bad option, 69 an address cannot be had, 70 anything else.
            """,
        version: Version.current,
        subcommands: [UpCommand.self, BrokerCommand.self, ServeCommand.self, BridgeCommand.self])
}

/// The release, as `seaway --version` and the `Server` field tell it.
enum Version {
    static let current = "0.1.0"
}
