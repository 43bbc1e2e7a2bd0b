import ArgumentParser
import NIOPosix
import SeawayBridge
import SeawayMessage

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// `seaway bridge stdin`
struct BridgeStdinCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "stdin",
        abstract: "Send each line of standard input, or print what comes.",
        discussion: """
            A line becomes {"text":"…"}; with --json it is the message itself. At the end of the input the bridge leaves as soon as \
            everything is sent: with 0, or with 75 when something was dropped. With --from-group or --from-channel it prints each \
            message as a line of JSON.

              tail -f access.log | seaway bridge stdin --to-group log
              seaway bridge stdin --from-group log | jq .text
            """)

    @OptionGroup(title: "Brokers") var broker: BridgeBrokerOptions
    @OptionGroup(title: "To the broker") var target: BridgeTargetOptions
    @OptionGroup(title: "From the broker") var reading: BridgeReadingOptions
    @OptionGroup(title: "Log") var log: LogOptions
    @OptionGroup(title: "Configuration") var file: ConfigurationOptions

    @Flag(help: "Each line is a message in JSON; others are dropped and counted.")
    var json = false

    @Option(help: .size("Longest line; longer ones are dropped and counted."))
    var maxLine = SizeOption(bytes: 1 << 20)

    func validate() throws {
        guard try self.target.fixedDestination() != nil || self.reading.point != nil else {
            throw ValidationError("Give --to-group, --to-channel, --from-group or --from-channel.")
        }
        guard (1...64 << 20).contains(self.maxLine.bytes) else {
            throw ValidationError("--max-line is \(self.maxLine); allowed is 1 byte to 64M.")
        }
    }

    func run() async throws {
        let run = try await BridgeRun("stdin", of: self, \Self.log, \Self.broker, self.target)
        var sources: [any BridgeSource] = []
        if let destination = try self.target.fixedDestination() {
            sources.append(
                try LineSource(
                    descriptor: STDIN_FILENO, to: destination, format: self.json ? .json : .data,
                    maxLine: self.maxLine.bytes, pump: run.pump))
        }
        if let point = self.reading.point {
            signal(SIGPIPE, SIG_IGN)
            let printer = try LinePrinter(descriptor: STDOUT_FILENO, tally: run.tally)
            sources.append(LayerSource(run.layer, point, logger: run.logger) { await printer.print($0.body) })
        }
        try await run.run(sources)
        // `sysexits.h`: not now, perhaps later.
        if run.tally.counts.allDropped > 0 { throw ExitCode(75) }
    }
}
