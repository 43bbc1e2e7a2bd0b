import ArgumentParser
import SeawayBroker
import SeawayWire

/// `seaway token`
struct TokenCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "token", abstract: "Make tokens: who may do what on a broker.", subcommands: [Add.self])

    /// `seaway token add`
    struct Add: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "add",
            abstract: "Make a token, and its line for the broker's file.",
            discussion: """
                Prints the token, which nobody can find out again, and the line, which holds its hash. Each right is a list of patterns \
                in which * stands for anything; protocol/PROTOCOL.md, section 9, says what needs which.

                  seaway token add bigdata --listen bigdata.process
                  seaway token add web --listen http.request --listen 'http.request.body?*' --send 'http.response.*!*'
                  seaway token add operator --send '*' --listen '*' --join '*' --admin '*'

                Put the line into the file of seaway broker --tokens FILE, and send the broker SIGHUP.
                """)

        @Argument(help: "Who it is for: 1 to 64 of A-Z a-z 0-9 - _ and the dot.")
        var name: String

        @Option(help: ArgumentHelp("Channels and groups it may send to; repeat it.", valueName: "pattern"))
        var send: [PatternOption] = []

        @Option(help: ArgumentHelp("Channels and mailboxes it may read; repeat it.", valueName: "pattern"))
        var listen: [PatternOption] = []

        @Option(help: ArgumentHelp("Groups whose members it may change and list; repeat it.", valueName: "pattern"))
        var join: [PatternOption] = []

        @Option(help: ArgumentHelp("Names it may look into, tail and flush; repeat it.", valueName: "pattern"))
        var admin: [PatternOption] = []

        func run() throws {
            var permissions = Permissions()
            permissions.send = self.send.map(\.pattern)
            permissions.listen = self.listen.map(\.pattern)
            permissions.join = self.join.map(\.pattern)
            permissions.admin = self.admin.map(\.pattern)
            guard let (token, text) = Token.make(self.name, permissions: permissions) else {
                throw ValidationError("'\(self.name)' is no name: 1 to 64 of A-Z a-z 0-9 - _ and the dot.")
            }
            print("token  \(text)")
            print("line   \(token.line)")
        }
    }
}

/// A name in which `*` stands for anything.
struct PatternOption: ExpressibleByArgument {
    let pattern: Pattern

    init?(argument: String) {
        guard let pattern = Pattern(argument) else { return nil }
        self.pattern = pattern
    }
}
