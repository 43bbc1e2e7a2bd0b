/// Where requests go, by host and path prefix (protocol/INTERFACE.md, I3).
package struct Routes<Target: RouteTarget>: Hashable, Sendable {
    private struct Entry: Hashable, Sendable {
        var rule: RouteRule
        var target: Target
    }

    private var sorted: [Entry] = []
    private let fallback: Target
    /// Whether a route looks at the host; only then is it read.
    private var looksAtHost = false

    /// All to one target.
    package init(fallback: Target = .fallback) { self.fallback = fallback }

    /// - Parameters:
    ///   - texts: routes in the form `[HOST]/PREFIX=TARGET`, in any order.
    ///   - fallback: for what no route fits.
    /// - Throws: for the first one that is malformed or there twice.
    package init(_ texts: [String], fallback: Target = .fallback) throws(RouteError) {
        self.fallback = fallback
        for text in texts {
            guard let equals = Self.separator(in: text), let rule = try Self.rule(text[..<equals], of: text)
            else { throw RouteError(route: text, reason: "a route is [HOST]/PREFIX=\(Target.form)") }
            guard let target = Target(String(text[text.index(after: equals)...]), like: fallback)
            else { throw RouteError(route: text, reason: Target.rule) }
            guard !self.sorted.contains(where: { $0.rule == rule })
            else { throw RouteError(route: text, reason: "there is a route for this host and prefix already") }
            self.sorted.append(Entry(rule: rule, target: target))
        }
        self.sorted.sort { $0.rule.comes(before: $1.rule) }
        self.looksAtHost = self.sorted.contains { $0.rule.host != nil }
    }

    private static func rule(_ text: Substring, of route: String) throws(RouteError) -> RouteRule? {
        do throws(HostName.Fault) {
            return try RouteRule(text)
        } catch {
            throw RouteError(route: route, reason: "\(error)")
        }
    }

    /// The `=` before the target; the prefix may hold others, and so may its option.
    private static func separator(in text: String) -> String.Index? {
        guard !Target.beginsAtFirstSeparator else { return text.firstIndex(of: "=") }
        let option = Target.option.flatMap { text.firstRange(of: $0)?.lowerBound }
        return text[..<(option ?? text.endIndex)].lastIndex(of: "=")
    }

    /// The target of the best route, or the one of all else.
    ///
    /// - Parameters:
    ///   - host: the request's `Host` as it came, port and all; `nil` of an HTTP/1.0 request without one.
    ///   - path: the decoded path.
    package func match(host: String?, path: String) -> Target {
        self.best(host: host, path: path)?.target ?? self.fallback
    }

    /// The best route; `nil` when none fits.
    package func best(host: String?, path: String) -> (rule: RouteRule, target: Target)? {
        guard !self.sorted.isEmpty else { return nil }
        let name = self.looksAtHost ? host.map(RouteRule.hostName) : nil
        return self.sorted.first { $0.rule.matches(host: name, path: path) }.map { ($0.rule, $0.target) }
    }

    package var isEmpty: Bool { self.sorted.isEmpty }

    /// All that were given, the best first.
    package var targets: [Target] { self.sorted.map(\.target) }
}

/// What a route leads to.
package protocol RouteTarget: Hashable, Sendable {
    static var fallback: Self { get }
    /// What stands behind the `=`, for people.
    static var form: String { get }
    /// What it must be, for people.
    static var rule: String { get }
    /// What an option behind it begins with.
    static var option: String? { get }
    /// Whether the target may hold a `=`, but not the prefix.
    static var beginsAtFirstSeparator: Bool { get }

    /// - Parameter other: has what the text leaves open.
    init?(_ text: String, like other: Self)
}

extension RouteTarget {
    package static var beginsAtFirstSeparator: Bool { false }
}

/// `[HOST]/PREFIX`
package struct RouteRule: Hashable, Sendable {
    /// Lower case, without a port; `nil` for all.
    package let host: String?
    /// Without the `/` at its end, so empty for all paths.
    package let prefix: String

    /// - Throws: when no request can have such a host.
    package init?(_ text: Substring) throws(HostName.Fault) {
        guard let slash = text.firstIndex(of: "/") else { return nil }
        var prefix = text[slash...]
        while prefix.last == "/" { prefix.removeLast() }
        self.host = slash == text.startIndex ? nil : try HostName(Self.hostName(String(text[..<slash]))).text
        self.prefix = String(prefix)
    }

    func comes(before other: RouteRule) -> Bool {
        if (self.host == nil) != (other.host == nil) { return self.host != nil }
        return self.prefix.utf8.count > other.prefix.utf8.count
    }

    func matches(host: String?, path: String) -> Bool {
        if let own = self.host, own != host { return false }
        guard path.utf8.starts(with: self.prefix.utf8) else { return false }
        let rest = path.utf8.dropFirst(self.prefix.utf8.count)
        return rest.isEmpty || rest.first == UInt8(ascii: "/") || self.prefix.isEmpty
    }

    /// A host in lower case without its port; an IPv6 address keeps its brackets.
    static func hostName(_ host: String) -> String {
        let end = host.utf8.lastIndex(of: UInt8(ascii: "]")) ?? host.startIndex
        let colon = host.utf8[end...].firstIndex(of: UInt8(ascii: ":")) ?? host.endIndex
        return host[..<colon].lowercased()
    }
}

/// Which route is wrong, and why.
package struct RouteError: Error, Hashable, Sendable, CustomStringConvertible {
    package var route: String
    package var reason: String

    package var description: String { "route '\(self.route)': \(self.reason)" }
}
