import ArgumentParser
import Logging
import SeawayConfiguration
import SeawayLog
import SeawayNIO
import ServiceLifecycle
import UnixSignals

/// What SIGHUP has a command read again: its configuration file, and the files that its options name. What cannot be
/// used is told, and then nothing changes.
struct Reloading<Command: ParsableCommand & Sendable>: Sendable {
    /// Something that is read, away from every loop, and used when all else could be read too.
    struct Part: Sendable {
        /// For the log; `nil` for what only settings say.
        var what: String?
        var how = "read again"
        /// - Returns: what has it used; `nil` where there is nothing to read.
        let read: @Sendable (Command) throws -> (@Sendable () async throws -> Void)?
    }

    /// As it was started.
    let command: Command
    /// Options that may have another value while the command runs.
    let changeable: Set<String>
    let parts: [Part]
    private let log: any KeyPath<Command, LogOptions> & Sendable
    private let logger: Logger
    private let thread = PatientThread.ofFiles

    /// - Parameter log: where the command has the options of its log, which may always change.
    init(
        _ command: Command, log: any KeyPath<Command, LogOptions> & Sendable, changeable: Set<String> = [],
        _ parts: [Part], _ logger: Logger
    ) {
        self.command = command
        self.log = log
        self.changeable = changeable.union(LogOptions.changeable)
        self.parts = parts
        self.logger = logger
    }

    /// - Returns: whether there is anything to read.
    func run() async -> Bool {
        let reread: Reread<Command>?
        do {
            reread = try await self.thread.run { try Reread<Command>(Launch.ofProcess) }
        } catch {
            self.logger.error("the configuration stays as it was", metadata: ["reason": "\(Self.reason(error))"])
            return true
        }
        guard let uses = await self.read(reread?.command ?? self.command) else { return true }
        do {
            for use in uses {
                try await use.call()
                if let what = use.what { self.logger.info("\(what)") }
            }
        } catch {
            self.logger.error("not everything was taken", metadata: ["reason": "\(PlainWords.of(error))"])
            return true
        }
        if let reread { self.take(reread) }
        return reread != nil || uses.contains { $0.what != nil }
    }

    /// - Returns: `nil` when something cannot be read.
    private func read(_ command: Command) async -> [(what: String?, call: @Sendable () async throws -> Void)]? {
        var uses: [(what: String?, call: @Sendable () async throws -> Void)] = []
        var failures = 0
        for part in self.parts {
            do {
                guard let use = try await self.thread.run({ try part.read(command) }) else { continue }
                uses.append((part.what.map { "\($0) \(part.how)" }, use))
            } catch {
                failures += 1
                self.logger.error(
                    "\(part.what ?? "settings") stay as they were", metadata: ["reason": "\(PlainWords.of(error))"])
            }
        }
        guard failures > 0 else { return uses }
        if self.parts.count > 1 { self.logger.error("SIGHUP: nothing was changed") }
        return nil
    }

    /// Tells what has changed, and what has not.
    private func take(_ reread: Reread<Command>) {
        let (changes, left) = reread.changes(self.changeable)
        let log = reread.command[keyPath: self.log]
        // Whoever reads the log as it was, or as it is to be, is to know.
        SharedLevel.level = min(SharedLevel.level, log.level)
        let list = { (changes: [SettingChange]) in changes.map(\.description).joined(separator: ", ") }
        self.logger.notice(
            "configuration read again",
            metadata: [
                "file": "\(reread.launch.file ?? "")", "changed": "\(changes.isEmpty ? "nothing" : list(changes))",
            ])
        if !left.isEmpty { self.logger.warning("this needs a restart", metadata: ["settings": "\(list(left))"]) }
        log.use()
        Launch.ofProcess = reread.launch.keeping(Set(left.map(\.name)), of: reread.before)
    }

    private static func reason(_ error: any Error) -> String {
        if let faults = error as? ConfigurationFaults { return faults.all.map(\.description).joined(separator: "; ") }
        return PlainWords.of(error)
    }
}

/// A configuration file that was read again, and the command that it makes with all else that was given.
private struct Reread<Command: ParsableCommand & Sendable>: Sendable {
    let launch: Launch
    let command: Command
    let before: EffectiveSettings
    let after: EffectiveSettings

    /// - Returns: `nil` where there is no file.
    /// - Throws: when the file, or a value in it, cannot be used.
    init?(_ launch: Launch?) throws {
        guard let launch, launch.file != nil, let before = launch.settings else { return nil }
        self.launch = try launch.again()
        guard let after = self.launch.settings else { return nil }
        self.before = before
        self.after = after
        do {
            guard let command = try Seaway.parseAsRoot(self.launch.arguments) as? Command else { return nil }
            self.command = command
        } catch {
            throw ConfigurationFaults([ConfigurationFault(named: after.naming(Seaway.message(for: error).inOneLine))])
        }
    }

    /// What has another value now, and may have; and what may not.
    func changes(_ changeable: Set<String>) -> (taken: [SettingChange], left: [SettingChange]) {
        var (taken, left): ([SettingChange], [SettingChange]) = ([], [])
        for change in self.after.changes(from: self.before) {
            let comesOrGoes = Self.presences.contains(change.name) && (change.old == nil || change.new == nil)
            if changeable.contains(change.name), !comesOrGoes {
                taken.append(change)
            } else {
                left.append(change)
            }
        }
        return (taken, left)
    }

    /// Whether there is any is settled at the start.
    private static var presences: Set<String> {
        [
            "tokens", "tls-certificate", "tls-key", "http-tls-certificate", "admin-token-file", "http-token-file",
            "hmac-secret-file",
        ]
    }
}

extension PatientThread<ContinuousClock> {
    /// A disk that hangs keeps no process from hearing the next signal.
    fileprivate static var ofFiles: PatientThread { PatientThread(limit: .seconds(5), clock: ContinuousClock()) }
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
