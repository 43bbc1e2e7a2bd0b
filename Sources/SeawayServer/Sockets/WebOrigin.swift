/// The site of a page, as browsers send it in `Origin` (RFC 6454, section 6.2): `SCHEME://HOST[:PORT]`, nothing else.
package struct WebOrigin: Hashable, Sendable {
    package let scheme: String
    package let host: String
    /// The scheme's own where none is given, as browsers leave that out; `nil` where the scheme has none.
    package let port: Int?

    /// - Returns: `nil` for what is no origin, among it `null`.
    package init?(_ text: String) {
        let lower = text.lowercased()
        guard let separator = lower.firstRange(of: "://") else { return nil }
        let scheme = String(lower[..<separator.lowerBound])
        let authority = lower[separator.upperBound...]
        // Neither a path nor a user: what is behind an `@` would be another host.
        guard !scheme.isEmpty, authority.allSatisfy({ $0 != "/" && $0 != "@" && $0 != "?" && $0 != "#" }),
            let (host, port) = Self.split(authority), !host.isEmpty
        else { return nil }
        if port.isEmpty {
            self.port = Self.defaultPort(of: scheme)
        } else {
            guard let number = Self.port(port) else { return nil }
            self.port = number
        }
        self.scheme = scheme
        self.host = String(host)
    }

    /// A host, an IPv6 address in brackets, and the digits behind the colon.
    static func split(_ authority: Substring) -> (host: Substring, port: Substring)? {
        if authority.hasPrefix("[") {
            guard let end = authority.firstIndex(of: "]") else { return nil }
            let rest = authority[authority.index(after: end)...]
            guard rest.isEmpty || rest.hasPrefix(":") else { return nil }
            return (authority[...end], rest.dropFirst())
        }
        guard let colon = authority.firstIndex(of: ":") else { return (authority, "") }
        return (authority[..<colon], authority[authority.index(after: colon)...])
    }

    static func port(_ text: Substring) -> Int? {
        guard text.utf8.count <= 5, text.utf8.allSatisfy({ (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }),
            let number = Int(text), (1...65_535).contains(number)
        else { return nil }
        return number
    }

    static func defaultPort(of scheme: String) -> Int? {
        switch scheme {
        case "http", "ws": 80
        case "https", "wss": 443
        case "ftp": 21
        default: nil
        }
    }
}
