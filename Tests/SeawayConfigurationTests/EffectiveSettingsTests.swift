import SeawayConfiguration
import Testing

@Suite("What holds")
struct EffectiveSettingsTests {
    private func settings(
        _ command: CommandSettings, _ words: [String] = [], _ environment: [String: String] = [:], _ text: String = ""
    ) throws -> EffectiveSettings {
        try EffectiveSettings(
            command, NamedOptions(words, of: command), environment: environment, file: try file(text))
    }

    @Test("is what a flag says, else the environment, else the file, else the default")
    func precedence() throws {
        let text = "all:\n  log-level: info\nbroker:\n  max-body: 1M\n"
        let variables = ["SEAWAY_BROKER_MAX_BODY": "3M", "SEAWAY_ALL_LOG_LEVEL": "error"]
        let broker = command("broker")

        var found = try self.settings(broker, ["--max-body", "4M"], variables, text).find("max-body")
        #expect(found?.texts == ["4M"] && found?.origin == .flag)
        found = try self.settings(broker, [], variables, text).find("max-body")
        #expect(found?.texts == ["3M"] && found?.origin == .environment("SEAWAY_BROKER_MAX_BODY"))
        found = try self.settings(broker, [], [:], text).find("max-body")
        #expect(found?.texts == ["1M"] && found?.origin == .file("s.yaml", line: 4, key: "broker.max-body"))
        found = try self.settings(broker).find("max-body")
        #expect(found?.texts == [] && found?.origin == .fallback && found?.effective == "2M")

        // What holds for all commands is less than what is said of one, but in the environment more than in the file.
        found = try self.settings(broker, [], variables, text + "  log-level: info\n").find("log-level")
        #expect(found?.origin == .environment("SEAWAY_ALL_LOG_LEVEL"))
        found = try self.settings(broker, [], [:], text + "  log-level: error\n").find("log-level")
        #expect(found?.texts == ["error"] && found?.origin == .file("s.yaml", line: 5, key: "broker.log-level"))
        found = try self.settings(broker, [], [:], text).find("log-level")
        #expect(found?.origin == .file("s.yaml", line: 2, key: "all.log-level"))
    }

    @Test("becomes words of a command line, where no flag says it")
    func arguments() throws {
        let text = "serve:\n  route: [/a=b, /c=d e]\n  http2: no\n  access-log: true\n  log-level: error\n"
        let settings = try self.settings(
            command("serve"), ["--log-level=info"], ["SEAWAY_SERVE_BROKER": "a:1 b:2"], text)
        #expect(
            settings.arguments == [
                "--broker=a:1", "--broker=b:2", "--no-http2", "--access-log", "--route=/a=b", "--route=/c=d e",
            ])
        let off = try self.settings(command("serve"), ["--no-http2"], ["SEAWAY_SERVE_ACCESS_LOG": "0"], text)
        #expect(off.find("http2")?.texts == ["false"] && off.find("http2")?.origin == .flag)
        #expect(off.arguments == ["--route=/a=b", "--route=/c=d e", "--log-level=error"])
    }

    @Test("has what stands behind -- at the end, and not twice")
    func rest() throws {
        let text = "bridge:\n  exec:\n    from-channel: jobs\n    program: [./work.sh, -x]\n"
        let exec = command("bridge", "exec")
        #expect(try self.settings(exec, [], [:], text).lastArguments == ["--", "./work.sh", "-x"])
        let own = try self.settings(exec, ["--", "--config", "cat"], [:], text)
        #expect(own.lastArguments == [] && own.find("program")?.texts == ["--config", "cat"])
    }

    @Test(
        "of brokers and tokens is what the variables of all clients say, and what flags and the command's own variables say wins"
    )
    func shared() throws {
        let text = "serve:\n  broker: f:1\n  token-file: /t\n"
        let both = ["SEAWAY_BROKER": "a:1, b:2", "SEAWAY_TOKEN": "web.secret"]
        let settings = try self.settings(command("serve"), [], both, text)
        #expect(settings.find("broker")?.texts == ["a:1", "b:2"])
        #expect(settings.find("broker")?.origin == .environment("SEAWAY_BROKER"))
        // The command reads them by itself.
        #expect(settings.arguments == [])
        #expect(settings.find("token-file")?.effective == "***")
        let own = try self.settings(
            command("serve"), ["--token-file", "x"], both.merging(["SEAWAY_SERVE_BROKER": "c:3"]) { $1 }, text)
        #expect(own.arguments == ["--broker=c:3"] && own.find("token-file")?.origin == .flag)
    }

    @Test("is refused of a flag that is neither true nor false")
    func noFlag() {
        #expect(throws: ConfigurationFault("SEAWAY_SERVE_HTTP2", "'maybe' is neither true nor false")) {
            try self.settings(command("serve"), [], ["SEAWAY_SERVE_HTTP2": "maybe"])
        }
    }

    @Test("is nothing of a variable that is empty")
    func emptyVariable() throws {
        #expect(
            try self.settings(command("broker"), [], ["SEAWAY_BROKER_TOKENS": ""]).find("tokens")?.origin == .fallback)
    }

    @Test(
        "is named by its line and key where a message names an option",
        arguments: [
            (
                "--max-body is 65M; allowed is 1 byte to 64M.",
                "s.yaml:2: broker.max-body is 65M; allowed is 1 byte to 64M."
            ),
            (
                "The value 'x' is invalid for '--max-body <bytes>': bytes are a number.",
                "s.yaml:2: The value 'x' is invalid for broker.max-body: bytes are a number."
            ),
            (
                "--max-body and --listen belong together.",
                "s.yaml:2: broker.max-body and SEAWAY_BROKER_LISTEN belong together."
            ),
            ("--tokens: no such file", "--tokens: no such file"), ("--max-bod is new", "--max-bod is new"),
            ("no option", "no option"),
        ])
    func naming(_ message: String, _ better: String) throws {
        let settings = try self.settings(
            command("broker"), ["--tokens", "t"], ["SEAWAY_BROKER_LISTEN": "a:1"],
            "broker:\n  max-body: 65M\n  tokens: u\n")
        #expect(settings.naming(message) == better)
    }

    @Test("is compared with what held before; what cannot change is kept")
    func changes() throws {
        let before = try self.settings(command("broker"), [], [:], "broker:\n  max-body: 1M\n  listen: a:1\n")
        let after = try self.settings(command("broker"), [], [:], "broker:\n  listen: [a:1, b:2]\n  log-level: error\n")
        #expect(
            after.changes(from: before).map(\.description)
                == ["listen a:1 -> a:1, b:2", "max-body 1M -> default", "log-level default -> error"])
        let kept = after.keeping(["listen"], of: before)
        #expect(after.changes(from: kept).map(\.name) == ["listen"])
        #expect(kept.changes(from: before).map(\.name) == ["max-body", "log-level"])
    }
}
