package import NIOHTTP1
import SeawayCrypto
import SeawayNIO

/// Who may ask for what.
///
/// Without a token only this machine reaches the address, but a page of another site in a browser on it does too: so
/// `Host` must be a name of this machine (else that page has had its own name lead here), and no other site may have
/// made the request.
package struct AdminAccess: Sendable {
    package enum Rule: Sendable {
        /// Whoever reaches the address may read metrics, and nothing else is there.
        case metricsForEverybody
        case thisMachine
        case token(String)
    }

    package let rule: Rule

    package init(_ rule: Rule) { self.rule = rule }

    /// Why a request is not taken; `nil`: it is.
    package func refusal(of head: HTTPRequestHead, for route: AdminRoute) -> AdminRefusal? {
        switch self.rule {
        case .metricsForEverybody:
            return route == .metrics ? nil : AdminRefusal(.notFound, "not-found", "only /metrics is here")
        case .token(let token):
            guard !route.isForEverybody else { return nil }
            guard let given = Self.token(of: head.headers), Self.isSame(given, token) else {
                return AdminRefusal(.unauthorized, "unauthorized", "give the token of --admin-token-file")
            }
            return nil
        case .thisMachine:
            // Only HTTP/1.0 can do without, which no browser speaks.
            let host = head.headers.first(name: "host").map(FieldValue.trimmed)
            guard host.map(Self.isThisMachine) ?? true else {
                return AdminRefusal(
                    .forbidden, "forbidden", "the Host of a request must be localhost or a loopback address")
            }
            guard !route.isForEverybody, Self.isOfAnother(head.headers, host: host) else { return nil }
            return AdminRefusal(.forbidden, "forbidden", "another site has made this request")
        }
    }

    private static func token(of fields: HTTPHeaders) -> String? {
        let given = fields["authorization"]
        let scheme = "bearer "
        guard given.count == 1, given[0].lowercased().hasPrefix(scheme) else { return nil }
        return FieldValue.trimmed(String(given[0].dropFirst(scheme.count)))
    }

    private static func isSame(_ given: String, _ token: String) -> Bool {
        Array(given.utf8).isEqualInConstantTime(to: Array(token.utf8))
    }

    /// Whether a host, with or without a port, is a name or an address of this machine alone.
    static func isThisMachine(_ host: String) -> Bool {
        let name: Substring
        if host.hasPrefix("[") {
            guard let end = host.firstIndex(of: "]") else { return false }
            name = host[host.index(after: host.startIndex)..<end]
            return IPAddress(String(name)).map { "\($0)" == "::1" || "\($0)".hasPrefix("127.") } ?? false
        }
        name = host.prefix { $0 != ":" }
        if name.lowercased() == "localhost" { return true }
        let parts = name.split(separator: ".", omittingEmptySubsequences: false)
        return parts.count == 4 && parts[0] == "127" && parts.allSatisfy { UInt8($0) != nil }
    }

    /// What browsers say of who made a request (Fetch, 3.2; Fetch Metadata, 2.3).
    private static func isOfAnother(_ fields: HTTPHeaders, host: String?) -> Bool {
        if let site = fields.first(name: "sec-fetch-site"), !["same-origin", "none"].contains(site) { return true }
        guard let origin = fields.first(name: "origin") else { return false }
        guard let host else { return true }
        return !["http", "https"].contains { "\($0)://\(host)".lowercased() == origin.lowercased() }
    }
}
