import ArgumentParser
import SeawayClient
import SeawayConfiguration

/// `seaway context`
struct ContextCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "context",
        abstract: "Name brokers, with what they are shown, for the commands that talk to them.",
        discussion: """
            The contexts of a user are in ~/.config/seaway/contexts.yaml ($XDG_CONFIG_HOME), which nobody else can read. The one in \
            use holds for send, listen, stats and all others that take --context, unless --broker, SEAWAY_BROKER or --context says \
            something else; then nothing of it is shown to those brokers.

              seaway context add shop --broker tls://a.example.org:7411 --token-file shop.token
              seaway context use shop
              seaway stats
              seaway stats --context other
            """,
        subcommands: [Add.self, Use.self, List.self, Show.self, Remove.self])

    /// `seaway context add`
    struct Add: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Add a context; the first is in use at once.",
            discussion: """
                  seaway context add local --broker unix:/run/seaway/broker.sock
                  pass show seaway/shop | seaway context add shop --broker tls://a:7411 --token-stdin --use
                """)

        @Argument(help: "Its name: 1 to 64 of A-Z a-z 0-9 - _ and the dot.") var name: String

        @Option(
            help: ArgumentHelp(
                "A broker: host:port, tls://host:port or unix:PATH; repeat it for all of several.", valueName: "address"
            ))
        var broker: [BrokerOption] = []

        @OptionGroup var credentials: CredentialOptions

        @Flag(help: "Keep the token that is the first line of standard input in the context itself.")
        var tokenStdin = false

        @Flag(help: "Take the place of another of this name.") var replace = false
        @Flag(help: "Have it in use from now on.") var use = false

        func validate() throws {
            guard !self.broker.isEmpty else { throw ValidationError("Give --broker: where the context's broker is.") }
            guard !self.tokenStdin || self.credentials.tokenFile == nil else {
                throw ValidationError("--token-file and --token-stdin: give one of them.")
            }
        }

        func run() throws {
            var context = ClientContext(brokers: self.broker.map(\.address.description))
            context.tokenFile = self.credentials.tokenFile.map(ContextFile.absolute)
            context.tlsCA = self.credentials.tlsCa.map(ContextFile.absolute)
            context.tlsCertificate = self.credentials.tlsCertificate.map(ContextFile.absolute)
            context.tlsKey = self.credentials.tlsKey.map(ContextFile.absolute)
            if self.tokenStdin {
                context.token = try Secret.token(of: "/dev/stdin", option: "token-stdin", longest: 255)
            }
            try ContextFile.change { contexts in
                try contexts.add(self.name, context, replaces: self.replace)
                if self.use { try contexts.use(self.name) }
            }
        }
    }

    /// `seaway context use`
    struct Use: ParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Have a context in use from now on.")
        @Argument(help: "Its name.") var name: String

        func run() throws { try ContextFile.change { try $0.use(self.name) } }
    }

    /// `seaway context list`
    struct List: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "List contexts; a * stands before the one in use.")

        func run() throws {
            let contexts = try ContextFile().read()
            let width = contexts.all.map(\.name.count).max() ?? 0
            try Visit.printing {
                try StandardOutput.write(
                    lines: contexts.all.map { name, context in
                        "\(name == contexts.current ? "*" : " ") \(name)"
                            + String(repeating: " ", count: width - name.count + 2)
                            + context.brokers.joined(separator: " ")
                    })
            }
        }
    }

    /// `seaway context show`
    struct Show: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract:
                "Print a context, the one in use unless another is named; a token that stands in it is not printed.")
        @Argument(help: "Its name.") var name: String?

        func run() throws {
            let contexts = try ContextFile().read()
            try Process.needing("context") {
                guard let name = self.name ?? contexts.current else {
                    throw ValidationError("none is in use; seaway context use NAME says which is to be")
                }
                let context = try contexts.find(name)
                let lines = ClientContext.Key.allCases.flatMap { key in
                    context[key].map { "\(key.rawValue): \(key == .token ? SecretText.mask : $0)" }
                }
                try Visit.printing { try StandardOutput.write(lines: ["name: \(name)"] + lines) }
            }
        }
    }

    /// `seaway context remove`
    struct Remove: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Forget a context, and the token that stands in it.")
        @Argument(help: "Its name.") var name: String

        func run() throws { try ContextFile.change { try $0.remove(self.name) } }
    }
}
