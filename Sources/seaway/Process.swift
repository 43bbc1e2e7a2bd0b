import ArgumentParser
import Logging
import NIOCore
import ServiceLifecycle
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
    static func catchSignals() async -> UnixSignalsSequence { await UnixSignalsSequence(trapping: .sigterm, .sigint) }

    /// Runs services until they end, or a signal asks them to.
    static func run(_ services: [any Service], until signals: UnixSignalsSequence, _ logger: Logger) async throws {
        Memory.keepFreed()
        let services = [SignalService(signals: signals)] + services
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
            self.say("seaway: cannot listen on \(address): \(Self.reason(error))")
            throw ExitCode.unavailable
        }
    }

    /// Does what needs a file, or says in one line what is wrong with that and exits with 64.
    static func needing<Result>(_ what: String, _ work: () throws -> Result) throws -> Result {
        do {
            return try work()
        } catch {
            self.say("seaway: \(what): \(error)")
            throw ExitCode.validationFailure
        }
    }

    private static func reason(_ error: any Error) -> String {
        guard let error = error as? IOError else { return "\(error)" }
        return String(cString: strerror(error.errnoCode))
    }

    /// One line on standard error.
    static func say(_ line: String) {
        let bytes = Array((line + "\n").utf8)
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

/// How much is logged.
struct LogOptions: ParsableArguments {
    enum Level: String, CaseIterable, ExpressibleByArgument {
        case trace, debug, info, notice, warning, error, critical
    }

    @Option(help: ArgumentHelp("Least important lines that are logged.", valueName: "level"))
    var logLevel = Level.info

    func logger(_ label: String) -> Logger {
        var logger = Logger(label: label) { StreamLogHandler.standardError(label: $0) }
        logger.logLevel = Logger.Level(rawValue: self.logLevel.rawValue) ?? .info
        return logger
    }
}

extension Logger {
    /// For libraries whose own lines would only repeat ours.
    fileprivate var quieter: Logger {
        var logger = self
        logger.logLevel = max(self.logLevel, .warning)
        return logger
    }
}
