import SeawayConfiguration

/// Two commands, and one below another.
let schema = ConfigurationSchema([
    CommandSettings(
        path: ["broker"],
        settings: [
            Setting("listen", .list, valueName: "address"),
            Setting("max-body", .value, valueName: "bytes", fallback: "2M"),
            Setting("log-level", .value, allowed: ["info", "error"], fallback: "info"), Setting("tokens", .value),
        ]),
    CommandSettings(
        path: ["serve"],
        settings: [
            Setting("broker", .list), Setting("token-file", .value),
            Setting("http2", .flag(off: "no-http2"), fallback: "true"),
            Setting("access-log", .flag(off: nil), fallback: "false"), Setting("route", .list),
            Setting("log-level", .value, allowed: ["info", "error"], fallback: "info"),
        ]),
    CommandSettings(path: ["bridge", "exec"], settings: [Setting("from-channel", .value), Setting("program", .rest)]),
])

func command(_ path: String...) -> CommandSettings {
    schema.command(path) ?? CommandSettings(path: path, settings: [])
}

func file(_ text: String) throws -> ConfigurationFile { try ConfigurationFile(text, path: "s.yaml", schema: schema) }
