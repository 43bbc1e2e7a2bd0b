import ArgumentParser
import SeawayConfiguration

/// Where else a command's options may stand. ``Launch`` reads the file before anything is parsed.
struct ConfigurationOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "A file with options, by sections (see seaway help config); the environment wins over it, and options here over both (default: what \(EnvironmentNames.config) says, else none).",
            valueName: "path"))
    var config: String?
}
