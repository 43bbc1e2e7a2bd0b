/// Variables of the environment: `SEAWAY_`, the section and the option, with `_` for whatever is no letter or digit.
///
/// `SEAWAY_SERVE_HTTP_TIMEOUT=30s` is `serve.http-timeout`, `SEAWAY_ALL_LOG_LEVEL` is `all.log-level`. In lists white
/// space stands between values. A variable that is empty says nothing.
package enum EnvironmentNames {
    /// The variable that names the file.
    package static let config = "SEAWAY_CONFIG"

    /// Variables that all programs which are clients of brokers read, by the option that wins over them.
    static let shared = ["broker": "SEAWAY_BROKER", "token-file": "SEAWAY_TOKEN"]

    /// - Parameter path: the section, and the option.
    package static func name(_ path: [String]) -> String {
        (["seaway"] + path).map { word in
            String(word.uppercased().map { $0.isLetter || $0.isNumber ? $0 : "_" })
        }.joined(separator: "_")
    }

    /// The variables that say something to a command, with single spaces between the values of lists.
    static func relevant(_ environment: [String: String], _ command: CommandSettings) -> [String: String] {
        var relevant: [String: String] = [:]
        for setting in command.settings {
            for section in [command.path, [ConfigurationSchema.common]] {
                let name = self.name(section + [setting.name])
                guard let text = environment[name], !text.isEmpty else { continue }
                switch setting.kind {
                case .list, .rest: relevant[name] = text.split(whereSeparator: \.isWhitespace).joined(separator: " ")
                case .value, .flag: relevant[name] = text
                }
            }
        }
        return relevant
    }

    /// Variables that begin as those of a command do and name none of its options, with those that may be meant.
    package static func strangers(
        _ environment: [String: String], _ commands: [CommandSettings]
    ) -> [(name: String, meant: String)] {
        let known = Set(
            commands.flatMap { command in
                command.settings.flatMap { [self.name(command.path + [$0.name]), self.name(["all", $0.name])] }
            })
        return environment.keys.filter { $0.hasPrefix("SEAWAY_") && !known.contains($0) }.sorted().compactMap { name in
            guard !self.shared.values.contains(name), name != self.config else { return nil }
            return NearWord.find(name, among: known.sorted()).map { (name, $0) }
        }
    }
}
