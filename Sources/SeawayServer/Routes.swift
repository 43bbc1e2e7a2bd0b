/// Which channel a request goes to, by host and path prefix (protocol/INTERFACE.md, I3).
package struct Routes: Hashable, Sendable {
    private var sorted: [Route] = []
    private let fallback = Route.fallback

    /// All to `http.request`.
    package init() {}

    /// - Parameter texts: routes in the form `[HOST]/PREFIX=CHANNEL`, in any order.
    /// - Throws: for the first one that is malformed or there twice.
    package init(_ texts: [String]) throws(RouteError) {
        for text in texts {
            let route = try Route(text)
            guard !self.sorted.contains(where: { $0.host == route.host && $0.prefix == route.prefix })
            else { throw RouteError(route: text, reason: "there is a route for this host and prefix already") }
            self.sorted.append(route)
        }
        self.sorted.sort { left, right in
            if (left.host == nil) != (right.host == nil) { return left.host != nil }
            return left.prefix.utf8.count > right.prefix.utf8.count
        }
    }

    /// The best route, or the one to `http.request`.
    ///
    /// - Parameters:
    ///   - host: the request's `Host` as it came, port and all; `nil` of an HTTP/1.0 request without one.
    ///   - path: the decoded path.
    package func match(host: String?, path: String) -> Route {
        guard !self.sorted.isEmpty else { return self.fallback }
        let name = host.map(Route.hostName)
        return self.sorted.first { $0.matches(host: name, path: path) } ?? self.fallback
    }
}

/// One rule of ``Routes``.
package struct Route: Hashable, Sendable {
    /// Lower case, without a port; `nil` for all.
    package let host: String?
    /// Without the `/` at its end, so empty for all paths.
    package let prefix: String
    package let channel: String
    /// Where ``channel``'s workers hear of clients that left (I4).
    package let disconnectChannel: String

    static let fallback = Route(host: nil, prefix: "", channel: "http.request")

    private init(host: String?, prefix: String, channel: String) {
        self.host = host
        self.prefix = prefix
        self.channel = channel
        self.disconnectChannel =
            channel.hasPrefix("http.request")
            ? "http.disconnect" + channel.dropFirst("http.request".count) : channel + ".disconnect"
    }

    package init(_ text: String) throws(RouteError) {
        guard let equals = text.lastIndex(of: "="), let slash = text[..<equals].firstIndex(of: "/")
        else { throw RouteError(route: text, reason: "a route is [HOST]/PREFIX=CHANNEL") }
        let channel = String(text[text.index(after: equals)...])
        guard Self.isChannel(channel) else {
            throw RouteError(route: text, reason: "a channel has 1 to 240 of A–Z a–z 0–9 - _ . and neither ! nor ?")
        }
        var prefix = text[slash..<equals]
        while prefix.last == "/" { prefix.removeLast() }
        let host = slash == text.startIndex ? nil : Self.hostName(String(text[..<slash]))
        self.init(host: host, prefix: String(prefix), channel: channel)
    }

    func matches(host: String?, path: String) -> Bool {
        if let own = self.host, own != host { return false }
        guard path.utf8.starts(with: self.prefix.utf8) else { return false }
        let rest = path.utf8.dropFirst(self.prefix.utf8.count)
        return rest.isEmpty || rest.first == UInt8(ascii: "/") || self.prefix.isEmpty
    }

    /// A host in lower case without its port; an IPv6 address keeps its brackets.
    static func hostName(_ host: String) -> String {
        let end = host.lastIndex(of: "]") ?? host.startIndex
        let colon = host[end...].firstIndex(of: ":") ?? host.endIndex
        return host[..<colon].lowercased()
    }

    private static func isChannel(_ text: String) -> Bool {
        (1...240).contains(text.utf8.count)
            && text.utf8.allSatisfy { byte in
                switch byte {
                case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                    UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "_"), UInt8(ascii: "."):
                    true
                default: false
                }
            }
    }
}

/// Which route is wrong, and why.
package struct RouteError: Error, Hashable, Sendable, CustomStringConvertible {
    package var route: String
    package var reason: String

    package var description: String { "route '\(self.route)': \(self.reason)" }
}
