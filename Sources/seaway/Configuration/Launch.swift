import ArgumentParser
import Foundation
import SeawayConfiguration
import SeawayLog
import SeawayNIO
import Synchronization

/// What a process was started with: words, environment and, of a command whose options may stand there, a file.
///
/// What file and environment say becomes words in front of the others, so that all is read and checked in one way.
struct Launch: Sendable {
    private let words: [String]
    private let environment: [String: String]
    private let command: ConfigurableCommand?
    private let named: NamedOptions
    /// `nil` where nothing but the command line says anything.
    let settings: EffectiveSettings?

    /// - Throws: `ConfigurationFaults` when the file cannot be read, or holds what no command can.
    init(
        _ words: [String], environment: [String: String] = ProcessInfo.processInfo.environment
    ) throws(ConfigurationFaults) {
        self.words = words
        self.environment = environment
        self.command = ConfigurableCommand.find(words)
        guard let command else {
            self.named = NamedOptions()
            self.settings = nil
            return
        }
        let settings = command.settings
        self.named = NamedOptions(Array(words.dropFirst(command.path.count)), of: settings)
        self.settings = try Self.settings(settings, self.named, environment)
    }

    private static func settings(
        _ command: CommandSettings, _ named: NamedOptions, _ environment: [String: String]
    ) throws(ConfigurationFaults) -> EffectiveSettings? {
        guard !named.asksForHelp else { return nil }
        let path = named.config ?? environment[EnvironmentNames.config] ?? ""
        let file = path.isEmpty ? nil : try Self.file(path)
        do throws(ConfigurationFault) {
            return try EffectiveSettings(command, named, environment: environment, file: file)
        } catch {
            throw ConfigurationFaults([error])
        }
    }

    /// Reads a file that a command can use.
    static func file(_ path: String, schema: ConfigurationSchema = ConfigurableCommand.schema)
        throws(ConfigurationFaults) -> ConfigurationFile
    {
        let bytes: [UInt8]
        do throws(RegularFile.Fault) {
            bytes = try RegularFile.bytes(path, most: ConfigurationFile.mostBytes)
        } catch {
            throw ConfigurationFaults([ConfigurationFault(named: "\(error)")])
        }
        let file: ConfigurationFile
        do throws(ConfigurationFault) {
            guard let text = String(validating: bytes, as: UTF8.self) else {
                throw ConfigurationFault(path, "the file is not UTF-8")
            }
            file = try ConfigurationFile(text, path: path, schema: schema)
        } catch {
            throw ConfigurationFaults([error])
        }
        let faults = file.faults(schema)
        guard faults.isEmpty else { throw ConfigurationFaults(faults) }
        return file
    }

    /// The whole command line.
    var arguments: [String] {
        guard let command, let settings else { return self.words }
        return command.path + settings.arguments + self.words.dropFirst(command.path.count) + settings.lastArguments
    }

    /// The file that is read again at SIGHUP; `nil` where there is none.
    var file: String? {
        guard self.command != nil else { return nil }
        let path = self.named.config ?? self.environment[EnvironmentNames.config] ?? ""
        return path.isEmpty ? nil : path
    }

    /// The same, but for settings that are as they were before.
    func keeping(_ names: Set<String>, of before: EffectiveSettings) -> Launch {
        Launch(
            words: self.words, environment: self.environment, command: self.command, named: self.named,
            settings: self.settings?.keeping(names, of: before))
    }

    private init(
        words: [String], environment: [String: String], command: ConfigurableCommand?, named: NamedOptions,
        settings: EffectiveSettings?
    ) {
        self.words = words
        self.environment = environment
        self.command = command
        self.named = named
        self.settings = settings
    }

    /// The same with what the file says now.
    func again() throws(ConfigurationFaults) -> Launch { try Launch(self.words, environment: self.environment) }
}

// MARK: Of this process

extension Launch {
    private static let current = Mutex<Launch?>(nil)

    /// That of this process, as it was started or has read its file again.
    static var ofProcess: Launch? {
        get { self.current.withLock { $0 } }
        set { self.current.withLock { $0 = newValue } }
    }

    /// Has a message name file, line and key where it names an option that stands there.
    static func naming(_ message: String) -> String { self.ofProcess?.settings?.naming(message) ?? message }

    /// Ends the process as the parser would, with the same exit code; what is wrong with a value that stands in a file
    /// is told with its line and key.
    static func exit(_ error: any Error) -> Never {
        if let faults = error as? ConfigurationFaults {
            for fault in faults.all { Process.say("seaway: \(fault)") }
            Seaway.exit(withError: ExitCode.validationFailure)
        }
        let prefix = "Error: "
        let told = Seaway.fullMessage(for: error)
        guard Seaway.exitCode(for: error) == .validationFailure, told.hasPrefix(prefix) else {
            Seaway.exit(withError: error)
        }
        let line = Seaway.message(for: error).inOneLine
        let better = self.naming(line)
        guard better != line else { Seaway.exit(withError: error) }
        Process.say("\(prefix)\(better)")
        Seaway.exit(withError: ExitCode.validationFailure)
    }
}
