import ArgumentParser
import SeawayBridge
import SeawayMessage

/// `seaway bridge postgres`
struct BridgePostgresCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "postgres",
        abstract: "Send what PostgreSQL notifies of (LISTEN), or notify of what comes.",
        discussion: """
            --to-group and --to-channel with --listen; --from-group and --from-channel with --notify. NOTIFY takes at most 7,999 \
            bytes. What is notified while the bridge is away is lost: PostgreSQL does not keep it. The password is read from the \
            environment or ~/.pgpass, as psql does. A server that is away, or hangs, is waited for; --service-timeout holds where a \
            connection string may say connect_timeout. Of several hosts another comes first at each attempt.

              seaway bridge postgres --postgres 'host=/run/postgresql dbname=shop' --listen orders --to-group 'pg.{name}' --json
            """)

    @Option(
        help: ArgumentHelp(
            "The database: a connection string or URI; else what the environment says (PGHOST …).",
            valueName: "conninfo"))
    var postgres = ""

    @Option(help: ArgumentHelp("A channel of NOTIFY; repeat it for more.", valueName: "channel"))
    var listen: [String] = []

    @Flag(help: "What is notified is a message in JSON.")
    var json = false

    @Option(help: ArgumentHelp("Notify this channel.", valueName: "channel"))
    var notify: String?

    @OptionGroup(title: "PostgreSQL") var service: BridgeServiceOptions
    @OptionGroup(title: "Brokers") var broker: BridgeBrokerOptions
    @OptionGroup(title: "To the broker") var target: BridgeTargetOptions
    @OptionGroup(title: "From the broker") var reading: BridgeReadingOptions
    @OptionGroup(title: "Log") var log: LogOptions
    @OptionGroup(title: "Configuration") var file: ConfigurationOptions

    func validate() throws {
        try self.target.belongs(with: "--listen", !self.listen.isEmpty)
        try self.reading.belongs(with: "--notify", self.notify != nil)
        guard !self.listen.isEmpty || self.notify != nil else { throw ValidationError("Give --listen or --notify.") }
        let names = self.listen.map { ("listen", $0) } + (self.notify.map { [("notify", $0)] } ?? [])
        for (option, name) in names {
            if let fault = PostgresName.fault(in: name) { throw ValidationError("--\(option): \(fault).") }
        }
    }

    func run() async throws {
        try ServiceLibrary.libpq.loadOrLeave()
        let run = try await BridgeRun("postgres", of: self, \Self.log, \Self.broker, self.target)
        let address = PostgresAddress(self.postgres, limits: self.service.limits)
        var sources: [any BridgeSource] = []
        if let intake = try self.target.intake(json: self.json, run.pump) {
            let reader = PostgresReader(address, channels: self.listen, intake: intake, logger: run.logger)
            sources.append(try ThreadSource(reader, pump: run.pump, logger: run.logger))
        }
        if let point = self.reading.point, let channel = self.notify {
            let notifier = try PostgresNotifier(
                address, channel: channel, tally: run.tally, logger: run.logger)
            sources.append(LayerSource(run.layer, point, logger: run.logger) { await notifier.notify($0.body) })
        }
        try await run.run(sources)
    }
}
