/// A path with names for some of its segments: `/users/{id}`, `/files/*`.
package struct PathPattern: Hashable, Sendable {
    private enum Segment: Hashable, Sendable {
        case exactly(Substring)
        case named(String)
    }

    private let text: String
    private let segments: [Segment]
    /// Whether everything that follows the segments, also nothing, matches.
    private let hasTail: Bool
    /// Only one path matches.
    private let isLiteral: Bool

    /// - Parameter text: begins with `/`; a segment `{name}` matches any one that is not empty, a last segment `*` all
    ///   that follow.
    package init(_ text: String) throws(WorkerError) {
        guard text.hasPrefix("/") else { throw WorkerError(.pattern, name: text) }
        var path = PathParts(text)
        var parts = path.parts
        self.hasTail = parts.last == "*"
        if self.hasTail { parts.removeLast() }
        var segments: [Segment] = []
        for part in parts {
            if part.hasPrefix("{"), part.hasSuffix("}"), part.utf8.count > 2 {
                segments.append(.named(String(part.dropFirst().dropLast())))
            } else if part.contains(where: { "{}*".contains($0) }) {
                throw WorkerError(.pattern, name: text)
            } else {
                segments.append(.exactly(part))
            }
        }
        self.text = text
        self.segments = segments
        self.isLiteral = !self.hasTail && segments.allSatisfy { if case .exactly = $0 { true } else { false } }
    }

    /// What the names stand for, and `*` for the tail; `nil` when the path does not match.
    package func match(_ path: inout PathParts) -> [String: String]? {
        if self.isLiteral { return path.whole == self.text ? [:] : nil }
        guard path.whole != nil else { return nil }
        let parts = path.parts
        guard self.hasTail ? parts.count >= self.segments.count : parts.count == self.segments.count else {
            return nil
        }
        var found: [String: String] = [:]
        for (segment, part) in zip(self.segments, parts) {
            switch segment {
            case .exactly(let text): guard part == text else { return nil }
            case .named(let name):
                guard !part.isEmpty else { return nil }
                found[name] = String(part)
            }
        }
        if self.hasTail { found["*"] = parts[self.segments.count...].joined(separator: "/") }
        return found
    }
}

/// A path, and its segments once a pattern asks for them.
package struct PathParts {
    /// `nil` in a message without a path, which no pattern matches.
    let whole: String?
    /// What stands between the slashes; `/` has one segment, which is empty.
    private(set) lazy var parts = Array(
        (self.whole ?? "").split(separator: "/", omittingEmptySubsequences: false).dropFirst())

    package init(_ whole: String?) { self.whole = whole }
}
