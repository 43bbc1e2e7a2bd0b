/// Which sites' pages may open WebSockets (protocol/INTERFACE.md, W22).
package struct OriginCheck: Hashable, Sendable {
    private enum Rule: Hashable, Sendable {
        /// `https://example.org`
        case origin(String)
        /// `example.org` and all below it, for `*.example.org`.
        case domain(String)
    }

    private var rules: [Rule] = []

    /// Allows every site.
    package init() {}

    /// - Parameter texts: each `SCHEME://HOST[:PORT]`, as browsers send it, or `*.HOST`.
    /// - Throws: for the first that is neither.
    package init(_ texts: [String]) throws(OriginError) {
        for text in texts {
            let lower = text.lowercased()
            if lower.hasPrefix("*."), lower.utf8.count > 2, !lower.contains("/") {
                self.rules.append(.domain(String(lower.dropFirst(2))))
            } else if let host = Self.host(of: lower), !host.isEmpty, !lower.hasSuffix("/") {
                self.rules.append(.origin(lower))
            } else {
                throw OriginError(origin: text)
            }
        }
    }

    /// - Parameter origins: the values of the request's `Origin`; none of what is not a browser.
    package func allows(_ origins: [String]) -> Bool {
        guard !self.rules.isEmpty, let first = origins.first else { return true }
        let origin = first.lowercased()
        return origins.count == 1
            && self.rules.contains { rule in
                switch rule {
                case .origin(let allowed): allowed == origin
                case .domain(let domain):
                    Self.host(of: origin).map { $0 == domain || $0.hasSuffix("." + domain) } ?? false
                }
            }
    }

    /// The host of an origin, without its port.
    private static func host(of origin: String) -> String? {
        guard let range = origin.firstRange(of: "://") else { return nil }
        let authority = origin[range.upperBound...]
        guard !authority.contains("/") else { return nil }
        return RouteRule.hostName(String(authority))
    }
}

/// Which origin is not one.
package struct OriginError: Error, Hashable, Sendable, CustomStringConvertible {
    package var origin: String

    package var description: String {
        "'\(self.origin)' is not an origin; it is SCHEME://HOST[:PORT] without a path, or *.HOST"
    }
}
