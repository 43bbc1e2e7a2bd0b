import ArgumentParser
import SeawayBroker
import SeawayWire

/// `seaway token`
struct TokenCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "token",
        abstract: "Make and withdraw tokens: who may do what on a broker.",
        discussion: """
            The file holds a token a line, with a hash of its secret; it is replaced whole, and only its owner can read it. A broker that was \
            started with --tokens FILE reads it again at SIGHUP. protocol/PROTOCOL.md, section 9, says what needs which right, \
            protocol/INTERFACE.md, section 11, what an interface server and workers need.
            """,
        subcommands: [Add.self, List.self, Remove.self])

    /// The file that is changed.
    struct FileOptions: ParsableArguments {
        @Option(help: ArgumentHelp("The broker's file of tokens.", valueName: "path"))
        var tokens: String

        var file: TokenFile { TokenFile(path: self.tokens) }
    }
}

extension TokenCommand {
    /// `seaway token add`
    struct Add: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Make a token.",
            discussion: """
                Prints the token, which nobody can find out again, or writes it to a file of its own. Each right is a list of patterns in \
                which * stands for anything.

                  seaway token add bigdata --tokens tokens --listen bigdata.process --send 'http.response.*!*'
                  seaway token add web --tokens tokens --token-file web.token --send 'http.request*,http.disconnect*' --listen 'http.response.*!'
                  seaway token add operator --tokens tokens --send '*' --listen '*' --join '*' --admin '*'
                """)

        @Argument(help: "Who it is for: 1 to 64 of A-Z a-z 0-9 - _ and the dot.")
        var name: String

        @OptionGroup var options: FileOptions

        @Option(
            help: ArgumentHelp(
                "Write the token there, to a file that is made, instead of printing it.", valueName: "path"))
        var tokenFile: String?

        @Option(help: .patterns("Channels and groups that it may send to"))
        var send: [PatternsOption] = []

        @Option(help: .patterns("Channels and mailboxes that it may read"))
        var listen: [PatternsOption] = []

        @Option(help: .patterns("Groups whose members it may change and list"))
        var join: [PatternsOption] = []

        @Option(help: .patterns("Names that it may look into, tail and flush"))
        var admin: [PatternsOption] = []

        func run() throws {
            var permissions = Permissions()
            permissions.send = self.send.flatMap(\.patterns)
            permissions.listen = self.listen.flatMap(\.patterns)
            permissions.join = self.join.flatMap(\.patterns)
            permissions.admin = self.admin.flatMap(\.patterns)
            guard let (token, text) = Token.make(self.name, permissions: permissions) else {
                throw ValidationError("'\(self.name)' is no name: 1 to 64 of A-Z a-z 0-9 - _ and the dot.")
            }
            try Process.needing("token add") {
                let own = self.tokenFile.map { PrivateFile(path: $0) }
                try own?.create(text + "\n")
                do {
                    try self.options.file.add(token)
                } catch {
                    own?.delete()
                    throw error
                }
            }
            if self.tokenFile == nil { print(text) }
        }
    }

    /// `seaway token list`
    struct List: ParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Show names and rights.")

        @OptionGroup var options: FileOptions

        func run() throws {
            let tokens = try Process.needing("token list") { try self.options.file.read() }
            for name in tokens.names { print(([name] + tokens.rights(of: name)).joined(separator: " ")) }
        }
    }

    /// `seaway token remove`
    struct Remove: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Withdraw a token.",
            discussion: "At the broker's next SIGHUP the connections that have logged in with it end.")

        @Argument(help: "Whose token.")
        var name: String

        @OptionGroup var options: FileOptions

        func run() throws { try Process.needing("token remove") { try self.options.file.remove(self.name) } }
    }
}

/// Names in which `*` stands for anything, with commas between them.
struct PatternsOption: ExpressibleByArgument {
    let patterns: [Pattern]

    init?(argument: String) {
        let words = argument.split(separator: ",", omittingEmptySubsequences: false)
        let patterns = words.compactMap { Pattern(String($0)) }
        guard patterns.count == words.count else { return nil }
        self.patterns = patterns
    }
}

extension ArgumentHelp {
    fileprivate static func patterns(_ text: String) -> ArgumentHelp {
        ArgumentHelp("\(text); repeat it, or put commas between.", valueName: "pattern")
    }
}
