#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

/// All settings of one command, in the order of its help.
package struct CommandSettings: Hashable, Sendable {
    /// The words of the command, such as `bridge` and `redis`; the section of a file has the same.
    package let path: [String]
    package let settings: [Setting]

    package init(path: [String], settings: [Setting]) {
        self.path = path
        self.settings = settings
    }

    /// Reads them from what the command's parser says of it in JSON (`--experimental-dump-help`), so that no option is
    /// written down twice.
    ///
    /// - Throws: when that is not of the form which swift-argument-parser has.
    package init(path: [String], help: String) throws {
        let dump = try JSONDecoder().decode(HelpDump.self, from: Data(help.utf8))
        self.init(path: path, settings: dump.command.arguments?.settings ?? [])
    }

    package func find(_ name: String) -> Setting? { self.settings.first { $0.name == name } }

    /// The section's name, with a dot between its words.
    package var section: String { self.path.joined(separator: ".") }
}

/// The part of `--experimental-dump-help` that settings are made of.
private struct HelpDump: Decodable {
    struct Command: Decodable {
        var arguments: [Argument]?
    }

    struct Argument: Decodable {
        struct Name: Decodable {
            var kind: String
            var name: String
        }

        var kind: String
        var isRepeating: Bool
        var names: [Name]?
        var valueName: String?
        var defaultValue: String?
        var allValues: [String]?
        var abstract: String?
        var parsingStrategy: String?

        var name: String? { self.names?.first { $0.kind == "long" }?.name }
    }

    var command: Command
}

extension [HelpDump.Argument] {
    /// What is about the command line and the file themselves.
    private static var others: Set<String> { ["help", "version", "config"] }

    fileprivate var settings: [Setting] {
        let names = Set(self.compactMap(\.name))
        return self.compactMap { argument in
            if argument.kind == "positional", argument.parsingStrategy == "postTerminator" {
                return Setting(argument.valueName ?? "rest", .rest)
            }
            guard let name = argument.name, !Self.others.contains(name) else { return nil }
            guard argument.kind == "flag" else { return argument.option(name) }
            if name.hasPrefix("no-"), names.contains(String(name.dropFirst(3))) { return nil }
            let off = names.contains("no-\(name)") ? "no-\(name)" : nil
            let isOn = argument.defaultValue.map { $0 == "--\(name)" || $0 == "true" } ?? false
            return Setting(name, .flag(off: off), fallback: isOn ? "true" : "false")
        }
    }
}

extension HelpDump.Argument {
    fileprivate func option(_ name: String) -> Setting {
        Setting(
            name, self.isRepeating ? .list : .value, valueName: self.valueName, allowed: self.allValues ?? [],
            fallback: self.defaultValue ?? self.toldDefault)
    }

    /// Of options that are read by our own code the default stands at the end of what help says.
    private var toldDefault: String? {
        guard let abstract, let start = abstract.ranges(of: "(default: ").last, abstract.hasSuffix(")")
        else { return nil }
        return String(abstract[start.upperBound...].dropLast())
    }
}
