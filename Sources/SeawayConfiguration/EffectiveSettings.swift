import Configuration
import Synchronization

/// Every setting of a command with the value that holds: flags win over the environment, that over the file, and that
/// over the defaults.
package struct EffectiveSettings: Sendable {
    package struct Entry: Hashable, Sendable {
        package let setting: Setting
        /// None for what nobody gives.
        package let texts: [String]
        package let origin: Origin
    }

    package let command: CommandSettings
    package let entries: [Entry]

    /// - Parameters:
    ///   - named: what the command line gives.
    ///   - environment: all of it; ``EnvironmentNames`` says which variables are looked at.
    ///   - file: one without faults.
    /// - Throws: for a flag that is neither true nor false.
    package init(
        _ command: CommandSettings, _ named: NamedOptions, environment: [String: String], file: ConfigurationFile?
    ) throws(ConfigurationFault) {
        self.command = command
        let lookup = Lookup(command, environment, file)
        var entries: [Entry] = []
        for setting in command.settings {
            if let texts = named.values[setting.name] {
                entries.append(Entry(setting: setting, texts: texts, origin: .flag))
            } else if let (texts, origin) = try lookup.find(setting) {
                entries.append(Entry(setting: setting, texts: texts, origin: origin))
            } else {
                entries.append(Entry(setting: setting, texts: [], origin: .fallback))
            }
        }
        self.entries = entries
    }

    package func find(_ name: String) -> Entry? { self.entries.first { $0.setting.name == name } }

    /// What file and environment give, as words of a command line.
    package var arguments: [String] {
        self.entries.flatMap(\.arguments)
    }

    /// Those of one setting.
    package func arguments(of entry: Entry) -> [String] { entry.arguments }

    /// The same of what stands behind everything else.
    package var lastArguments: [String] {
        guard let rest = self.entries.first(where: { $0.setting.kind == .rest && $0.isGiven }) else { return [] }
        return ["--"] + rest.texts
    }
}

extension EffectiveSettings.Entry {
    /// Whether it comes from file or environment, and is not read there by the command itself.
    fileprivate var isGiven: Bool {
        switch self.origin {
        case .flag, .fallback: false
        case .environment(let name): !EnvironmentNames.shared.values.contains(name)
        case .file: true
        }
    }

    fileprivate var arguments: [String] {
        guard self.isGiven else { return [] }
        switch self.setting.kind {
        case .value, .list: return self.texts.map { "--\(self.setting.name)=\($0)" }
        case .flag(let off):
            guard self.texts.first.flatMap(Setting.bool) == true else { return off.map { ["--\($0)"] } ?? [] }
            return ["--\(self.setting.name)"]
        case .rest: return []
        }
    }
}

/// The environment and the file as one, by swift-configuration, whose report of each access says where a value is from.
private struct Lookup {
    private final class LastAccess: AccessReporter {
        let event = Mutex<AccessEvent?>(nil)
        func report(_ event: AccessEvent) { self.event.withLock { $0 = event } }
    }

    private let command: CommandSettings
    private let environment: [String: String]
    private let file: ConfigurationFile?
    private let reader: ConfigReader
    private let access = LastAccess()

    init(_ command: CommandSettings, _ environment: [String: String], _ file: ConfigurationFile?) {
        self.command = command
        self.environment = environment
        self.file = file
        let variables = EnvironmentVariablesProvider(
            environmentVariables: EnvironmentNames.relevant(environment, command), arraySeparator: " ")
        let common = ConfigurationSchema.common
        var providers: [any ConfigProvider] = [
            variables.prefixKeys(with: ConfigKey(["seaway"] + command.path)),
            variables.prefixKeys(with: ConfigKey(["seaway", common])),
        ]
        if let file {
            let settings = FileSettings(file: file)
            providers.append(settings.prefixKeys(with: ConfigKey(command.path)))
            providers.append(settings.prefixKeys(with: ConfigKey([common])))
        }
        self.reader = ConfigReader(providers: providers, accessReporter: self.access)
    }

    func find(_ setting: Setting) throws(ConfigurationFault) -> (texts: [String], origin: Origin)? {
        let found = try self.lookUp(setting)
        if case .environment = found?.origin { return found }
        guard let variable = EnvironmentNames.shared[setting.name], let text = self.environment[variable], !text.isEmpty
        else { return found }
        return (text.split { $0.isWhitespace || $0 == "," }.map(String.init), .environment(variable))
    }

    private func lookUp(_ setting: Setting) throws(ConfigurationFault) -> (texts: [String], origin: Origin)? {
        let key = ConfigKey([setting.name])
        switch setting.kind {
        case .list, .rest:
            return self.reader.stringArray(forKey: key).flatMap { texts in self.origin.map { (texts, $0) } }
        case .value:
            return self.reader.string(forKey: key).flatMap { text in self.origin.map { ([text], $0) } }
        case .flag:
            guard let text = self.reader.string(forKey: key), let origin = self.origin else { return nil }
            guard let isOn = Setting.bool(text) else {
                throw ConfigurationFault(origin.name ?? setting.name, "'\(text)' is neither true nor false")
            }
            return ([isOn ? "true" : "false"], origin)
        }
    }

    /// Of what was looked up last.
    private var origin: Origin? {
        let results = self.access.event.withLock { $0 }?.providerResults ?? []
        for (index, result) in results.enumerated() {
            guard let found = try? result.result.get(), found.value != nil else { continue }
            guard index >= 2, let file else { return .environment(found.encodedKey) }
            let line = file.entries.first { $0.key == found.encodedKey }?.line ?? 0
            return .file(file.path, line: line, key: found.encodedKey)
        }
        return nil
    }
}
