import ArgumentParser
import SeawayConfiguration

/// What the commands' own parsers say of a file whose keys and forms are right.
struct SectionsCheck {
    private(set) var faults: [ConfigurationFault] = []
    /// What is missing, and may stand elsewhere.
    private(set) var notes: [String] = []
    /// How many settings there are.
    let count: Int

    init(_ file: ConfigurationFile) {
        self.count = file.entries.count
        var told: Set<String> = []
        for command in ConfigurableCommand.all {
            let isAsked = file.entries.contains { $0.path.starts(with: command.path) }
            // What holds for all is looked at with the first command that has it.
            let all = command.settings
            guard let settings = try? EffectiveSettings(all, NamedOptions(), environment: [:], file: file) else {
                continue
            }
            for fault in Self.faults(settings, command, file) where told.insert(fault).inserted {
                self.add(fault, settings, file)
            }
            guard isAsked, let fault = Self.fault(command, settings.arguments + settings.lastArguments) else {
                continue
            }
            if settings.naming(fault) == fault {
                self.notes.append("\(file.path): \(all.section): \(fault)")
            } else if told.insert(fault).inserted {
                self.add(fault, settings, file)
            }
        }
        self.faults.sort { ($0.line ?? 0, $0.description) < ($1.line ?? 0, $1.description) }
    }

    /// Each setting alone, so that each fault is found; a fault that is about others too is one of the whole.
    private static func faults(
        _ settings: EffectiveSettings, _ command: ConfigurableCommand, _ file: ConfigurationFile
    ) -> [String] {
        settings.entries.compactMap { entry in
            let arguments = settings.arguments(of: entry)
            guard !arguments.isEmpty, let fault = Self.fault(command, arguments) else { return nil }
            let isAbout = fault.options == [entry.setting.name]
            return isAbout ? fault : nil
        }
    }

    private static func fault(_ command: ConfigurableCommand, _ arguments: [String]) -> String? {
        do {
            _ = try command.type.parse(arguments)
            return nil
        } catch {
            return command.type.message(for: error).inOneLine
        }
    }

    private mutating func add(_ fault: String, _ settings: EffectiveSettings, _ file: ConfigurationFile) {
        let entry = settings.entries.first { entry in
            if case .file = entry.origin { fault.contains("--\(entry.setting.name)") } else { false }
        }
        let named = settings.naming(fault)
        guard case .file(let path, let line, _)? = entry?.origin else {
            return self.faults.append(ConfigurationFault(file.path, named))
        }
        // The key stands in the text, in the place of the option.
        let place = "\(path):\(line): "
        self.faults.append(
            ConfigurationFault(
                path, line: line, named.hasPrefix(place) ? String(named.dropFirst(place.count)) : named))
    }
}

extension String {
    /// The names of options in a message.
    fileprivate var options: Set<String> {
        Set(
            self.ranges(of: "--").map { range in
                String(self[range.upperBound...].prefix { $0.isLetter || $0.isNumber || $0 == "-" })
            })
    }

    /// A message of the parser in one line: what is allowed, which it lists, stands behind it with commas between.
    var inOneLine: String {
        let lines = self.split(separator: "\n").map { $0.drop { $0 == " " } }
        let list = lines.dropFirst().map { $0.hasPrefix("- ") ? $0.dropFirst(2) : $0 }
        return ([String(lines.first ?? "")] + (list.isEmpty ? [] : [list.joined(separator: ", ")])).joined(
            separator: " ")
    }
}
