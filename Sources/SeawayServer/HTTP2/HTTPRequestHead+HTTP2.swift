import NIOHPACK
import NIOHTTP1

extension HTTPRequestHead {
    /// The head of a request, with the pseudo-header fields in the places that HTTP/1.1 has for them (RFC 9113, 8.3.1).
    ///
    /// - Parameter fields: those of a request, as HTTP/2 has found them good.
    /// - Returns: `nil` without a method.
    init?(http2 fields: HPACKHeaders) {
        var method: String?
        var path = ""
        var authority: String?
        var headers = HTTPHeaders()
        var cookies: [String] = []
        headers.reserveCapacity(fields.count + 1)
        for (name, value, _) in fields {
            switch name {
            case ":method": method = value
            case ":path": path = value
            case ":authority":
                authority = value
                headers.add(name: "host", value: value)
            // What `:authority` says is the host (RFC 9113, 8.3.1).
            case "host" where authority != nil: break
            case "cookie": cookies.append(value)
            case _ where name.hasPrefix(":"): break
            default: headers.add(name: name, value: value)
            }
        }
        guard let method else { return nil }
        // Cut into pieces on the way, and whole for everybody else (RFC 9113, 8.2.3).
        if !cookies.isEmpty { headers.add(name: "cookie", value: cookies.joined(separator: "; ")) }
        self.init(version: .http2, method: HTTPMethod(rawValue: method), uri: path, headers: headers)
    }
}
