import Logging
import SeawayBroker
import SeawayNIO
import SeawayServer
import ServiceLifecycle
import UnixSignals

/// Reads tokens and certificates again, away from every loop; a file that cannot be used changes nothing.
struct Reloading: Sendable {
    let broker: Broker
    let tokens: TokenFile?
    let tls: ServerTLSOptions
    let logger: Logger
    let thread = PatientThread.ofFiles

    /// - Returns: whether there is anything to read.
    func run() async -> Bool {
        let hadTokens = await self.logger.reload("tokens") {
            guard let file = self.tokens else { return false }
            let tokens = try await self.thread.run { try file.read() }
            try await self.broker.replaceTokens(tokens)
            return true
        }
        let hadCertificates = await self.logger.reload("certificates") {
            guard let tls = try await self.thread.run({ [tls] in try tls.load() }) else { return false }
            try await self.broker.replaceTLS(tls)
            return true
        }
        return hadTokens || hadCertificates
    }
}

/// Reads the certificates that are shown to browsers again.
struct HTTPReloading: Sendable {
    let server: InterfaceServer
    let tls: HTTPTLSOptions
    let protocols: [String]
    let logger: Logger
    let thread = PatientThread.ofFiles

    /// - Returns: whether there is anything to read.
    func run() async -> Bool {
        await self.logger.reload("HTTPS certificates") {
            let load = { @Sendable [tls, protocols] in try tls.load(protocols: protocols) }
            guard let tls = try await self.thread.run(load) else { return false }
            try await self.server.replaceTLS(tls)
            return true
        }
    }
}

extension PatientThread<ContinuousClock> {
    /// A disk that hangs keeps no process from hearing the next signal.
    fileprivate static var ofFiles: PatientThread { PatientThread(limit: .seconds(5), clock: ContinuousClock()) }
}

extension Logger {
    /// Tells what became of reading something again; what cannot be used changes nothing.
    fileprivate func reload(_ what: String, _ read: () async throws -> Bool) async -> Bool {
        do {
            guard try await read() else { return false }
            self.info("\(what) read again")
        } catch {
            self.error("\(what) stay as they were", metadata: ["reason": "\(PlainWords.of(error))"])
        }
        return true
    }
}

/// Answers each SIGHUP with what can be read again, or says that there is nothing: no process ends by it.
struct HangupService: Service {
    let hangups: UnixSignalsSequence
    let logger: Logger
    /// - Returns: whether there was anything to read.
    let reload: @Sendable () async -> Bool

    func run() async throws {
        for await _ in self.hangups.cancelOnGracefulShutdown() {
            guard await !self.reload() else { continue }
            self.logger.notice("SIGHUP: this process has nothing to read again, and goes on")
        }
    }
}
