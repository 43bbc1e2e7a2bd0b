import ArgumentParser
import SeawayConfiguration

/// A command whose options may stand in a file.
struct ConfigurableCommand: Sendable {
    /// The words that it is called by.
    let path: [String]
    let type: any ParsableCommand.Type

    /// Those that run on.
    static let all: [ConfigurableCommand] =
        [BrokerCommand.self, ServeCommand.self, UpCommand.self].map { Self($0, below: []) }
        + BridgeCommand.configuration.subcommands.map { Self($0, below: [BridgeCommand._commandName]) }

    private init(_ type: any ParsableCommand.Type, below path: [String]) {
        self.path = path + [type.configuration.commandName ?? type._commandName]
        self.type = type
    }

    /// The command that a command line begins with.
    static func find(_ words: [String]) -> ConfigurableCommand? { self.all.first { words.starts(with: $0.path) } }

    /// What its parser knows of its options.
    var settings: CommandSettings {
        do {
            return try CommandSettings(path: self.path, help: self.type._dumpHelp())
        } catch {
            preconditionFailure("the parser's description of seaway \(self.path.joined(separator: " ")): \(error)")
        }
    }

    static var schema: ConfigurationSchema { ConfigurationSchema(self.all.map(\.settings)) }
}
