/// What may stand in a configuration file: a section for each command that reads it, and one for all of them.
package struct ConfigurationSchema: Sendable {
    /// The section whose settings hold for each command that has such an option, unless its own section has another.
    package static let common = "all"

    package let commands: [CommandSettings]

    package init(_ commands: [CommandSettings]) { self.commands = commands }

    /// The command of a section; `nil` where there is none, or the section is one of several.
    package func command(_ path: [String]) -> CommandSettings? { self.commands.first { $0.path == path } }

    /// Whether sections stand in a section of this path.
    func hasSections(_ path: [String]) -> Bool {
        self.commands.contains { $0.path.count > path.count && $0.path.starts(with: path) }
    }

    /// What a section of sections may have in it.
    func names(in path: [String]) -> [String] {
        var names = path.isEmpty ? [Self.common] : []
        for command in self.commands where command.path.count > path.count && command.path.starts(with: path) {
            let name = command.path[path.count]
            if !names.contains(name) { names.append(name) }
        }
        return names
    }

    /// The settings that a section may have in it; in the common one those of all commands.
    func settings(in path: [String]) -> [Setting] {
        guard path == [Self.common] else { return self.command(path)?.settings ?? [] }
        var seen: Set<String> = []
        return self.commands.flatMap(\.settings).filter { seen.insert($0.name).inserted }
    }
}
