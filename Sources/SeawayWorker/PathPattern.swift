/// A path with names for some of its segments: `/users/{id}`, `/files/*`.
struct PathPattern: Hashable, Sendable {
    private enum Segment: Hashable, Sendable {
        case exactly(String)
        case named(String)
        /// Everything that follows, also nothing.
        case rest
    }

    private let segments: [Segment]

    /// - Parameter text: begins with `/`; a segment `{name}` matches any one segment, a last segment `*` all that follow.
    init(_ text: String) {
        let parts = text.split(separator: "/", omittingEmptySubsequences: true)
        self.segments = parts.enumerated().map { index, part in
            if part == "*", index == parts.count - 1 { return .rest }
            if part.hasPrefix("{"), part.hasSuffix("}") { return .named(String(part.dropFirst().dropLast())) }
            return .exactly(String(part))
        }
    }

    /// What the names stand for, `nil` when the path does not match.
    func match(_ path: String) -> [String: String]? {
        var found: [String: String] = [:]
        var parts = path.split(separator: "/", omittingEmptySubsequences: true)[...]
        for segment in self.segments {
            if segment == .rest { return found }
            guard let part = parts.popFirst() else { return nil }
            switch segment {
            case .exactly(let text): guard part == text else { return nil }
            case .named(let name): found[name] = String(part)
            case .rest: break
            }
        }
        return parts.isEmpty ? found : nil
    }
}
