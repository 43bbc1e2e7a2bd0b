import ArgumentParser
import SeawayConfiguration

/// A command that there is none of, and what may have been meant.
struct UnknownCommand: CustomStringConvertible {
    /// The commands before it.
    private let path: [String]
    private let word: String
    private let known: [String]

    /// Looks at the commands in front of a command line; options end them.
    ///
    /// - Returns: `nil` where each of them is there.
    init?(_ arguments: [String], of root: any ParsableCommand.Type) {
        var command = root
        var path = [Self.name(of: root)]
        // `help` takes the names of commands, as they stand one below the other.
        for word in arguments.drop(while: { $0 == "help" }) {
            let commands =
                command.configuration.subcommands + command.configuration.groupedSubcommands.flatMap(\.subcommands)
            guard !commands.isEmpty, !word.hasPrefix("-") else { return nil }
            guard let next = commands.first(where: { Self.name(of: $0) == word }) else {
                self.path = path
                self.word = word
                self.known = commands.map(Self.name)
                return
            }
            command = next
            path.append(word)
        }
        return nil
    }

    private static func name(of command: any ParsableCommand.Type) -> String {
        command.configuration.commandName ?? command._commandName
    }

    var description: String {
        let path = self.path.joined(separator: " ")
        let hint =
            NearWord.find(self.word, among: self.known).map { "did you mean \(path) \($0)?" }
            ?? "there are \(self.known.sorted().joined(separator: ", "))"
        return "\(path) has no command \(self.word): \(hint)"
    }
}
