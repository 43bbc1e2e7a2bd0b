/// What is wrong with a configuration, and where.
package struct ConfigurationFault: Error, Hashable, Sendable, CustomStringConvertible {
    /// The file's path, or a variable of the environment.
    package let source: String
    /// From 1; `nil` where it is about the whole.
    package let line: Int?
    /// With the sections before it, such as `broker.max-body`.
    package let key: String?
    /// What is wrong, and what is allowed.
    package let text: String

    package init(_ source: String, line: Int? = nil, key: String? = nil, _ text: String) {
        self.source = source
        self.line = line
        self.key = key
        self.text = text
    }

    /// One whose text says where it is.
    package init(named text: String) {
        self.init("", text)
    }

    package var description: String {
        guard !self.source.isEmpty else { return self.text }
        let place = self.line.map { "\(self.source):\($0)" } ?? self.source
        return "\(place): \(self.key.map { "\($0): " } ?? "")\(self.text)"
    }
}

/// All that is wrong with a file, in the order of its lines.
package struct ConfigurationFaults: Error, Hashable, Sendable, CustomStringConvertible {
    package let all: [ConfigurationFault]

    package init(_ all: [ConfigurationFault]) { self.all = all }

    /// A line for each of them.
    package var description: String { self.all.map(\.description).joined(separator: "\n") }
}
