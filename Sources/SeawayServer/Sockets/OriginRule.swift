/// Pages of one site, or of one domain, that may open WebSockets: `https://example.org:8443`, `https://*.example.org`,
/// `*.example.org`.
package struct OriginRule: Hashable, Sendable {
    /// `nil` for any.
    private let scheme: String?
    private let host: String
    /// Whether all below the host are meant too.
    private let isDomain: Bool
    /// `nil` for any, which only a rule without a scheme may mean, or where the scheme has none of its own.
    private let port: Int?

    /// - Throws: what is wrong with it; every rule that is taken can match something.
    package init(_ text: String) throws(OriginError) {
        func fault(_ reason: String) -> OriginError { OriginError(origin: text, reason: reason) }
        guard text != "*" else { throw fault("all sites may open WebSockets when the option is not there") }
        guard !text.contains(where: \.isWhitespace) else { throw fault("there is white space in it") }
        let (scheme, authority) = try Self.parts(text)
        if let place = authority.firstIndex(where: { $0 == "/" || $0 == "?" || $0 == "#" || $0 == "@" || $0 == "\\" }) {
            throw fault("browsers send no '\(authority[place...])' with it")
        }
        guard let (name, port) = WebOrigin.split(authority) else { throw fault("the address has no end") }
        self.isDomain = name.hasPrefix("*.")
        guard scheme != nil || self.isDomain else { throw fault("a scheme is missing, such as https://") }
        do throws(HostName.Fault) {
            self.host = try HostName(self.isDomain ? name.dropFirst(2) : name).text
        } catch {
            throw fault("\(error)")
        }
        if port.isEmpty {
            self.port = scheme.flatMap(WebOrigin.defaultPort)
        } else {
            guard let number = WebOrigin.port(port) else { throw fault("'\(port)' is not a port") }
            self.port = number
        }
        self.scheme = scheme
    }

    private static func parts(_ text: String) throws(OriginError) -> (scheme: String?, authority: Substring) {
        guard let separator = text.firstRange(of: "://") else { return (nil, text[...]) }
        let scheme = text[..<separator.lowerBound].lowercased()
        let isLegal =
            scheme.first?.isLetter == true
            && scheme.utf8.allSatisfy { FieldCheck.isTokenByte($0) && $0 != UInt8(ascii: "*") }
        guard isLegal else { throw OriginError(origin: text, reason: "'\(scheme)' is not a scheme") }
        return (scheme, text[separator.upperBound...])
    }

    package func matches(_ origin: WebOrigin) -> Bool {
        if let scheme = self.scheme, scheme != origin.scheme { return false }
        if self.port != nil || self.scheme != nil, self.port != origin.port { return false }
        return origin.host == self.host || (self.isDomain && origin.host.hasSuffix("." + self.host))
    }
}

/// Which origin is not one, and why.
package struct OriginError: Error, Hashable, Sendable, CustomStringConvertible {
    package var origin: String
    package var reason: String

    package var description: String {
        "'\(self.origin)' is not an origin: \(self.reason); it is SCHEME://HOST[:PORT] or *.HOST[:PORT]"
    }
}
