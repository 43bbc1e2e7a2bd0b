import ArgumentParser
import SeawayBridge

/// `seaway bridge exec`
struct BridgeExecCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "exec",
        abstract: "Run a program for each message: any script as a worker.",
        discussion: """
            The program gets the message as one line of JSON. Each line that it prints is a message in JSON too, and goes to the \
            reply channel of the message, or to --to-group or --to-channel. When it fails, or answers nothing that can be used, that \
            is logged with its standard error, and a browser that waits gets 500. SEAWAY_CHANNEL says where the message came in.

              seaway bridge exec --from-channel http.request -- jq -c '{status: 200, content: .path}'
            """)

    @OptionGroup(title: "Brokers") var broker: BridgeBrokerOptions
    @OptionGroup(title: "From the broker") var reading: BridgeReadingOptions
    @OptionGroup(title: "To the broker") var target: BridgeTargetOptions
    @OptionGroup(title: "Log") var log: LogOptions
    @OptionGroup(title: "Configuration") var file: ConfigurationOptions

    @Option(help: .count("Programs at once; with 1 the messages are worked on in order."))
    var concurrency = 1

    @Option(help: .time("How long a program may run; then it is ended."))
    var timeLimit = TimeOption(milliseconds: 30_000)

    @Option(help: .size("Output of one program in all; with more it is ended."))
    var maxOutput = SizeOption(bytes: 16 << 20)

    @Option(help: .size("Longest line of its output; longer ones are dropped and counted."))
    var maxLine = SizeOption(bytes: 2 << 20)

    @Argument(
        parsing: .postTerminator,
        help: ArgumentHelp("The program and its arguments, behind --.", valueName: "program"))
    var command: [String] = []

    func validate() throws {
        guard self.reading.point != nil else { throw ValidationError("Give --from-channel or --from-group.") }
        guard !self.command.isEmpty else { throw ValidationError("Give the program behind --.") }
        guard (1...1_000).contains(self.concurrency) else {
            throw ValidationError("--concurrency is \(self.concurrency); allowed is 1 to 1000.")
        }
        guard self.timeLimit.milliseconds > 0 else { throw ValidationError("--time-limit is longer than 0.") }
        guard (1...64 << 20).contains(self.maxLine.bytes) else {
            throw ValidationError("--max-line is \(self.maxLine); allowed is 1 byte to 64M.")
        }
        _ = try self.target.fixedDestination()
    }

    func run() async throws {
        guard let point = self.reading.point, let program = self.command.first else { return }
        let run = try await BridgeRun("exec", of: self, \Self.log, \Self.broker, self.target)
        var rule = ProgramRule(program: program, arguments: Array(self.command.dropFirst()))
        rule.timeLimit = self.timeLimit.duration
        rule.maxOutput = self.maxOutput.bytes
        rule.maxLine = self.maxLine.bytes
        let running = RunningPrograms()
        let worker = ProgramWorker(
            rule, to: try self.target.fixedDestination(), pump: run.pump, running: running, logger: run.logger)
        let source = LayerSource(
            run.layer, point, concurrency: self.concurrency, saysDone: false, logger: run.logger
        ) { await worker.consume($0) }
        try await run.run([source], whenHurried: { running.killAll() })
    }
}
