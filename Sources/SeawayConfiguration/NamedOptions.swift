/// What a command line gives by itself, as far as that shows before it is parsed.
package struct NamedOptions: Hashable, Sendable {
    /// By the name of the setting, in their order; a flag has `true` or `false`.
    package private(set) var values: [String: [String]] = [:]
    /// The file that `--config` names.
    package private(set) var config: String?
    /// Whether somebody only wants to be told how it is used.
    package private(set) var asksForHelp = false

    package init() {}

    /// - Parameter words: behind those of the command.
    package init(_ words: [String], of command: CommandSettings) {
        var rest = words[...]
        while let word = rest.popFirst() {
            if word == "--" {
                if let setting = command.settings.first(where: { $0.kind == .rest }), !rest.isEmpty {
                    self.values[setting.name] = Array(rest)
                }
                return
            }
            if word == "-h" || word == "--help" { self.asksForHelp = true }
            guard word.hasPrefix("--") else { continue }
            let parts = word.dropFirst(2).split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            let name = String(parts.first ?? "")
            let behind = parts.count == 2 ? String(parts[1]) : nil
            if name == "config" {
                self.config = behind ?? rest.popFirst()
            } else {
                self.take(name, behind, &rest, command)
            }
        }
    }

    private mutating func take(
        _ name: String, _ behind: String?, _ rest: inout ArraySlice<String>, _ command: CommandSettings
    ) {
        if let setting = command.find(name) {
            if case .flag = setting.kind {
                self.values[name] = ["true"]
            } else if let value = behind ?? rest.popFirst() {
                self.values[name, default: []].append(value)
            }
        } else if let setting = command.settings.first(where: { $0.kind == .flag(off: name) }) {
            self.values[setting.name] = ["false"]
        }
    }
}
