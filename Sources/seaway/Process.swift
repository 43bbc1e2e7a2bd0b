import ArgumentParser
import Logging
import SeawayBroker
import SeawayLog
import SeawayNIO
import ServiceLifecycle
import Synchronization
import UnixSignals

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// What the commands have in common: signals, exit codes, one clear line for what goes wrong.
enum Process {
    /// From here on SIGTERM and SIGINT do not kill: they wait for ``run(_:until:_:)``, however early they came.
    ///
    /// To be called before anybody is told that the process is there.
    /// SIGHUP is heard from here on too.
    static func catchSignals() async -> UnixSignalsSequence {
        let hangups = await UnixSignalsSequence(trapping: .sighup)
        self.hangups.withLock { $0 = hangups }
        return await UnixSignalsSequence(trapping: .sigterm, .sigint)
    }

    /// Those that came before anybody looks at them are kept.
    private static let hangups = Mutex<UnixSignalsSequence?>(nil)

    /// To be called once, after ``catchSignals()``.
    static func takeHangups() async -> UnixSignalsSequence {
        if let hangups = self.hangups.withLock({ $0.take() }) { return hangups }
        return await UnixSignalsSequence(trapping: .sighup)
    }

    /// From here on SIGHUP does not kill: a supervisor says by it that files are to be read again. Who listens to it
    /// (``HangupService``, ``Hangups``) answers; to be called before anything else, since it may come at any time.
    static func outliveHangups() { signal(SIGHUP) { _ in } }

    /// Runs services until they end, or a signal asks them to.
    ///
    /// - Parameter reload: reads again what SIGHUP asks for, and returns whether there is anything.
    static func run(
        _ services: [any Service], until signals: UnixSignalsSequence, _ logger: Logger,
        reload: @escaping @Sendable () async -> Bool = { false }
    ) async throws {
        Memory.keepFreed()
        Memory.forgetStart()
        let hangups = await self.takeHangups()
        let services =
            [SignalService(signals: signals), HangupService(hangups: hangups, logger: logger, reload: reload)]
            + services
        let group = ServiceGroup(
            configuration: ServiceGroupConfiguration(
                services: services.map { .init(service: $0, successTerminationBehavior: .gracefullyShutdownGroup) },
                logger: logger.quieter))
        try await group.run()
    }

    /// Takes an address, or says in one line that it cannot be had and exits with 69.
    static func claiming<Result>(_ address: String, _ claim: () async throws -> Result) async throws -> Result {
        do {
            return try await claim()
        } catch {
            self.say("seaway: cannot listen on \(address): \(PlainWords.of(error))")
            throw ExitCode.unavailable
        }
    }

    /// Makes a broker, or says in one line why its store is not as it has to be and exits with 69.
    static func storing<Result>(_ make: () async throws -> Result) async throws -> Result {
        do {
            return try await make()
        } catch let fault as Broker.StoreNotReady {
            self.say("seaway: --store: \(fault)")
            throw ExitCode.unavailable
        }
    }

    /// Does what needs a file, or says in one line what is wrong with that and exits with 64.
    static func needing<Result>(_ what: String, _ work: () throws -> Result) throws -> Result {
        do {
            return try work()
        } catch {
            self.say("seaway: " + Launch.naming("\(what): \(PlainWords.of(error))"))
            throw ExitCode.validationFailure
        }
    }

    /// One line on standard error.
    static func say(_ line: String) {
        // Behind what was logged before; where nobody reads that, nobody would read this.
        StandardErrorLog.flush(within: .milliseconds(100))
        let bytes = Array((LogText.escaped(line, longest: 8_192) + "\n").utf8)
        _ = bytes.withUnsafeBytes { write(STDERR_FILENO, $0.baseAddress, $0.count) }
    }
}

/// Ends with the first signal, and all others with it.
private struct SignalService: Service {
    let signals: UnixSignalsSequence

    func run() async throws {
        for await _ in self.signals.cancelOnGracefulShutdown() { return }
    }
}

/// How much is logged, and how.
struct LogOptions: ParsableArguments {
    enum Level: String, CaseIterable, ExpressibleByArgument {
        case trace, debug, info, notice, warning, error, critical
    }

    enum Format: String, CaseIterable, ExpressibleByArgument {
        case text, json
    }

    @Option(help: ArgumentHelp("Least important lines that are logged.", valueName: "level"))
    var logLevel = Level.info

    @Option(
        help: ArgumentHelp(
            "How lines are written: text, or json with one object in each line.", valueName: "text|json"))
    var logFormat = Format.text

    @Option(help: .size("Bytes of lines that wait for whoever reads standard error; more are dropped and counted."))
    var logBuffer = SizeOption(bytes: StandardErrorLog.usualLimit)

    var format: LogFormat { self.logFormat == .json ? .json : .text }

    func logger(_ label: String) -> Logger {
        self.use()
        StandardErrorLog.tell(in: self.format)
        let logger = Logger.standardError(label: label, level: .trace, format: self.format)
        return Logger(label: label) { _ in SharedLevelLogHandler(logger.handler) }
    }

    /// Has this hold for all loggers of the process.
    func use() {
        StandardErrorLog.limit(to: self.logBuffer.bytes)
        SharedLevel.level = self.level
    }

    var level: Logger.Level { Logger.Level(rawValue: self.logLevel.rawValue) ?? .info }

    /// What may change while a process runs.
    static let changeable: Set<String> = ["log-level", "log-buffer"]
}

extension Logger {
    /// For libraries whose own lines would only repeat ours.
    fileprivate var quieter: Logger {
        var logger = self
        logger.logLevel = max(self.logLevel, .warning)
        return logger
    }
}
