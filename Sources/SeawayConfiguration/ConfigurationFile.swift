import Yams

/// A configuration file as it was written: values with their lines, whatever they mean.
///
/// ```yaml
/// all:
///   log-level: notice
/// broker:
///   listen: 127.0.0.1:7411
///   capacity: [http.request=1000, jobs.*=5000]
/// bridge:
///   redis:
///     subscribe: news.*
/// ```
package struct ConfigurationFile: Sendable {
    /// What stands behind a key.
    package enum Value: Hashable, Sendable {
        case text(String)
        case list([String])
        /// Nothing, or what no setting takes: lists in lists and such.
        case unusable
    }

    package struct Entry: Hashable, Sendable {
        /// The section, and the key in it.
        package let path: [String]
        package let line: Int
        package let value: Value
        /// The keys of what is itself a map.
        let isMap: Bool

        package var key: String { self.path.joined(separator: ".") }
    }

    /// The longest that is read, in bytes.
    package static let mostBytes = 1 << 20

    /// As it was asked for; it stands in messages.
    package let path: String
    /// In the order of the file.
    package let entries: [Entry]

    /// - Parameter isSection: whether the map of a path is a section; any other is a list of `KEY=VALUE`.
    /// - Throws: when it is no YAML, or no map of sections.
    package init(
        _ text: String, path: String, isSection: ([String]) -> Bool = { $0.count < 2 }
    ) throws(ConfigurationFault) {
        self.path = path
        let root = try Self.root(text, path)
        var entries: [Entry] = []
        if let root {
            guard let sections = root.mapping else {
                throw ConfigurationFault(path, line: root.mark?.line, "the file is a map of sections: broker, serve …")
            }
            try Self.collect(sections, [], path, isSection, &entries)
        }
        self.entries = entries
    }

    package func find(_ path: [String]) -> Entry? { self.entries.first { $0.path == path } }

    private static func collect(
        _ map: Node.Mapping, _ above: [String], _ file: String, _ isSection: ([String]) -> Bool,
        _ entries: inout [Entry]
    ) throws(ConfigurationFault) {
        for (name, node) in map {
            let line = name.mark?.line ?? 0
            guard let text = name.scalar?.string else {
                throw ConfigurationFault(file, line: line, "a key is a word")
            }
            let path = above + [text]
            if isSection(path), let section = node.mapping {
                try self.collect(section, path, file, isSection, &entries)
            } else if isSection(path), self.isNull(node) {
                // A section that has nothing in it.
                continue
            } else {
                entries.append(
                    Entry(path: path, line: line, value: self.value(node), isMap: node.mapping != nil))
            }
        }
    }

    private static func isNull(_ node: Node) -> Bool {
        guard let scalar = node.scalar, scalar.style == .plain || scalar.style == .any else { return false }
        return ["", "~", "null", "Null", "NULL"].contains(scalar.string)
    }

    private static func value(_ node: Node) -> Value {
        if let text = self.text(node) { return .text(text) }
        if let list = node.sequence {
            let texts = list.compactMap(self.text)
            return texts.count == list.count ? .list(texts) : .unusable
        }
        guard let map = node.mapping else { return .unusable }
        let pairs = map.compactMap { key, value in
            self.text(key).flatMap { key in self.text(value).map { "\(key)=\($0)" } }
        }
        return pairs.count == map.count ? .list(pairs) : .unusable
    }

    /// As it was written: `0660` is no number here.
    private static func text(_ node: Node) -> String? { self.isNull(node) ? nil : node.scalar?.string }

    private static func root(_ text: String, _ path: String) throws(ConfigurationFault) -> Node? {
        do {
            return try Yams.compose(yaml: text)
        } catch let error as YamlError {
            throw error.fault(in: path)
        } catch {
            throw ConfigurationFault(path, "\(error)")
        }
    }
}

extension YamlError {
    fileprivate func fault(in path: String) -> ConfigurationFault {
        switch self {
        case .scanner(let context, let problem, let mark, _), .parser(let context, let problem, let mark, _),
            .composer(let context, let problem, let mark, _):
            let around = context.map { ", \($0.text) of line \($0.mark.line)" } ?? ""
            return ConfigurationFault(path, line: mark.line, "no YAML: \(problem)\(around)")
        case .duplicatedKeysInMapping(let names, let context):
            return ConfigurationFault(
                path, line: context.mark.line, "\(names.sorted().joined(separator: ", ")) stands there twice")
        case .reader(let problem, _, _, _): return ConfigurationFault(path, "no YAML: \(problem)")
        default: return ConfigurationFault(path, "no YAML")
        }
    }
}
