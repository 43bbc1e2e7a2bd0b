import Yams

/// All contexts of a user, and which of them is in use: the file `contexts.yaml`.
///
/// ```yaml
/// current: "shop"
/// contexts:
///   shop:
///     broker: ["tls://a.example.org:7411"]
///     token-file: "/home/me/shop.token"
/// ```
package struct ClientContexts: Sendable {
    /// Why something cannot be done with them.
    package struct Fault: Error, Hashable, Sendable, CustomStringConvertible {
        package let description: String
    }

    /// The name of the one in use.
    package private(set) var current: String?
    /// In the order in which they were added.
    package private(set) var all: [(name: String, context: ClientContext)] = []

    package init() {}

    /// - Parameter path: stands in messages.
    /// - Throws: when the text is no file of contexts.
    package init(_ text: String, path: String) throws(ConfigurationFault) {
        let file = try ConfigurationFile(text, path: path) { $0.first == "contexts" && $0.count < 3 }
        for entry in file.entries { try self.take(entry, of: path) }
        for (name, context) in self.all where context.brokers.isEmpty {
            throw ConfigurationFault(path, key: "contexts.\(name)", "its broker is missing")
        }
        if let current, self[current] == nil {
            throw ConfigurationFault(path, key: "current", "there is no context \(current)")
        }
    }

    private mutating func take(_ entry: ConfigurationFile.Entry, of path: String) throws(ConfigurationFault) {
        let texts: [String] =
            switch entry.value {
            case .text(let text): [text]
            case .list(let list): list
            case .unusable: []
            }
        func fault(_ text: String) -> ConfigurationFault {
            ConfigurationFault(path, line: entry.line, key: entry.key, text)
        }
        if entry.path == ["current"] {
            self.current = texts.first
            return
        }
        guard entry.path.count == 3, entry.path[0] == "contexts" else {
            throw fault("there is no such key: the file has current and contexts")
        }
        guard let key = ClientContext.Key(rawValue: entry.path[2]) else {
            let keys = ClientContext.Key.allCases.map(\.rawValue)
            let hint = NearWord.find(entry.path[2], among: keys).map { "is \($0) meant?" }
            throw fault("there is no such key: \(hint ?? "there are \(keys.joined(separator: ", "))")")
        }
        guard key == .broker ? !texts.isEmpty : texts.count == 1 else { throw fault("a value is missing") }
        if let index = self.all.firstIndex(where: { $0.name == entry.path[1] }) {
            self.all[index].context[key] = texts
        } else {
            var context = ClientContext()
            context[key] = texts
            self.all.append((entry.path[1], context))
        }
    }

    package subscript(name: String) -> ClientContext? { self.all.first { $0.name == name }?.context }

    /// Whether a secret is in it, so that nobody else may read the file.
    package var holdsSecrets: Bool { self.all.contains { $0.context.token != nil } }

    /// The first that is added is in use.
    ///
    /// - Parameter replaces: whether another of this name may be there already.
    package mutating func add(_ name: String, _ context: ClientContext, replaces: Bool) throws(Fault) {
        guard ClientContext.isName(name) else {
            throw Fault(description: "'\(name)' is no name: 1 to 64 of A-Z a-z 0-9 - _ and the dot")
        }
        if let index = self.all.firstIndex(where: { $0.name == name }) {
            guard replaces else {
                throw Fault(description: "there is a context \(name) already; --replace takes its place")
            }
            self.all[index].context = context
        } else {
            self.all.append((name, context))
        }
        if self.current == nil { self.current = name }
    }

    package mutating func use(_ name: String) throws(Fault) {
        try self.require(name)
        self.current = name
    }

    /// With the one that is in use none is any more.
    package mutating func remove(_ name: String) throws(Fault) {
        try self.require(name)
        self.all.removeAll { $0.name == name }
        if self.current == name { self.current = nil }
    }

    /// The context of a name.
    package func find(_ name: String) throws(Fault) -> ClientContext {
        try self.require(name)
        return self[name] ?? ClientContext()
    }

    private func require(_ name: String) throws(Fault) {
        guard self[name] == nil else { return }
        let names = self.all.map(\.name)
        let hint =
            NearWord.find(name, among: names).map { "is \($0) meant?" }
            ?? (names.isEmpty ? "seaway context add makes one" : "there are \(names.joined(separator: ", "))")
        throw Fault(description: "there is no context \(name): \(hint)")
    }

    /// As the file has it; every value stands in quotes, so that none is taken for anything else.
    package var text: String {
        get throws {
            func quoted(_ text: String) -> Node { .scalar(.init(text, Tag(.str), .doubleQuoted)) }
            var pairs: [(Node, Node)] = []
            if let current { pairs.append((Node("current"), quoted(current))) }
            let contexts = self.all.map { name, context in
                let values = ClientContext.Key.allCases.compactMap { key -> (Node, Node)? in
                    let texts = context[key]
                    guard !texts.isEmpty else { return nil }
                    return (Node(key.rawValue), key == .broker ? Node(texts.map(quoted)) : quoted(texts[0]))
                }
                return (quoted(name), Node(values))
            }
            if !contexts.isEmpty { pairs.append((Node("contexts"), Node(contexts))) }
            return pairs.isEmpty ? "" : try Yams.serialize(node: Node(pairs), indent: 2, allowUnicode: true)
        }
    }
}
