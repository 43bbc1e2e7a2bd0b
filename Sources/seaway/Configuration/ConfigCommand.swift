import ArgumentParser
import SeawayConfiguration
import SeawayConsole
import SeawayMessage

/// `seaway config`
struct ConfigCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "config",
        abstract: "Look at configuration files, and at what holds.",
        discussion: """
            broker, serve, up and the bridges read a file in YAML: --config FILE, or what SEAWAY_CONFIG names. It has a section \
            for each command, in which each of its options stands under its own name; what stands in the section all holds for each \
            command that has such an option. Options that may be repeated take a list, or a map of KEY: VALUE for KEY=VALUE.

              all:
                log-level: notice
              broker:
                listen: 127.0.0.1:7411
                max-body: 2M
                capacity: [http.request=1000, jobs.*=5000]
              serve:
                http: 127.0.0.1:8000
                route: {/python: http.request.python}
              bridge:
                redis:
                  subscribe: news.*
                  to-group: redis.{name}

            The environment wins over the file: SEAWAY_BROKER_MAX_BODY=4M, SEAWAY_SERVE_HTTP, SEAWAY_BRIDGE_REDIS_SUBSCRIBE, \
            SEAWAY_ALL_LOG_LEVEL, with white space between several values. Options of the command line win over both.

            SIGHUP has the file read again: what can change while the process runs does, all or nothing, and the log says what did \
            and what needs a restart.
            """,
        subcommands: [ConfigCheckCommand.self, ConfigShowCommand.self])
}

/// `seaway config check`
struct ConfigCheckCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "check",
        abstract: "Say whether a configuration file can be used.",
        discussion: """
            Each fault is told with its line, its key and what is allowed. What commands need besides, and may be given on the \
            command line, is a note and no fault.

              seaway config check /etc/seaway/seaway.yaml

            Exit codes: 0 it can, 64 it cannot.
            """)

    @Argument(help: ArgumentHelp("The file.", valueName: "file"))
    var file: String

    func run() throws {
        let report = SectionsCheck(try Launch.file(self.file))
        for note in report.notes { Process.say("note: \(note)") }
        guard report.faults.isEmpty else { throw ConfigurationFaults(report.faults) }
        let count = report.count
        try Visit.printing {
            try StandardOutput.write(lines: ["\(self.file): \(count) setting\(count == 1 ? "" : "s"), no fault"])
        }
    }
}

/// `seaway config show`
struct ConfigShowCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "show",
        abstract: "Print all settings of a command with where each value comes from.",
        discussion: """
            What stands behind the command is taken as its command line, --config included. Without a command those are shown that \
            the file has a section for. Passwords in addresses are not printed.

              seaway config show broker --config seaway.yaml
              seaway config show --given serve --config seaway.yaml --http 127.0.0.1:8001
              SEAWAY_CONFIG=seaway.yaml seaway config show --json | jq .

            The last column is flag, the name of a variable, FILE:LINE or default.
            """)

    @Flag(help: "Only what is given; no defaults.") var given = false
    @OptionGroup var format: FormatOptions

    @Argument(
        parsing: .captureForPassthrough, help: ArgumentHelp("A command, and its options.", valueName: "command"))
    var words: [String] = []

    func run() throws {
        var entries: [(section: String, EffectiveSettings.Entry)] = []
        for words in try self.commandLines() {
            guard let settings = try Launch(words).settings else { continue }
            entries += settings.entries.map { (settings.command.section, $0) }
        }
        entries = entries.filter { !self.given || $0.1.origin != .fallback }
        try Visit.printing {
            try StandardOutput.write(lines: self.format.json ? entries.map(Self.json) : Self.table(entries))
        }
    }

    /// Of each command that is to be shown.
    private func commandLines() throws -> [[String]] {
        let words = self.words.first == "--" ? Array(self.words.dropFirst()) : self.words
        guard words.isEmpty || words[0].hasPrefix("-") else {
            guard ConfigurableCommand.find(words) != nil else {
                let known = ConfigurableCommand.all.map { $0.path.joined(separator: " ") }
                throw ValidationError(
                    "no file is read by seaway \(words[0]); there are \(known.joined(separator: ", ")).")
            }
            return [words]
        }
        let launch = try Launch(["broker"] + words)
        let file = try launch.file.map { path throws(ConfigurationFaults) in try Launch.file(path) }
        let commands = ConfigurableCommand.all.filter { command in
            file?.entries.contains { $0.path.starts(with: command.path) } ?? (command.path.count == 1)
        }
        return commands.map { $0.path + words }
    }

    private static func table(_ entries: [(section: String, EffectiveSettings.Entry)]) -> [String] {
        let rows = entries.map { section, entry in
            ["\(section).\(entry.setting.name)", entry.effective, "\(entry.origin)"]
        }
        let widths = (0..<2).map { column in rows.map { min($0[column].count, 60) }.max() ?? 0 }
        return rows.map { row in
            row[0].padded(to: widths[0]) + "  " + row[1].padded(to: widths[1]) + "  " + row[2]
        }
    }

    private static func json(_ section: String, _ entry: EffectiveSettings.Entry) -> String {
        let map: Message = [
            "key": .string("\(section).\(entry.setting.name)"), "value": .string(entry.effective),
            "from": .string("\(entry.origin)"),
        ]
        return Printable.json(map.json)
    }
}

extension String {
    fileprivate func padded(to width: Int) -> String {
        self + String(repeating: " ", count: max(0, width - self.count))
    }
}
