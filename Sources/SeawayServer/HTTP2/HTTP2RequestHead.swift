import NIOHPACK
import NIOHTTP1

/// The head of a request, with the pseudo-header fields in the places that HTTP/1.1 has for them (RFC 9113, 8.3.1).
struct HTTP2RequestHead {
    private(set) var head: HTTPRequestHead
    /// `:protocol`, where it asks for another protocol on its stream (RFC 8441, 4).
    private(set) var asksFor: String?

    /// - Parameter fields: those of a request, as HTTP/2 has found them good.
    /// - Returns: `nil` without a method.
    init?(_ fields: HPACKHeaders) {
        var method: String?
        var path = ""
        var hasAuthority = false
        var headers = HTTPHeaders()
        var cookies: [String] = []
        headers.reserveCapacity(fields.count)
        for (name, value, _) in fields {
            // By length first: names of any length are compared, and of each only one or two can be meant.
            switch (name.utf8.first == UInt8(ascii: ":"), name.utf8.count) {
            case (true, 5) where name == ":path": path = value
            case (true, 7) where name == ":method": method = value
            case (true, 9) where name == ":protocol": self.asksFor = value
            case (true, 10) where name == ":authority":
                hasAuthority = true
                headers.add(name: "host", value: value)
            case (true, _): break
            // What `:authority` says is the host (RFC 9113, 8.3.1).
            case (false, 4) where hasAuthority && name == "host": break
            case (false, 6) where name == "cookie": cookies.append(value)
            default: headers.add(name: name, value: value)
            }
        }
        guard var method else { return nil }
        // What asks for another protocol on its stream is as one that asks for it on its connection (RFC 8441, 5).
        if self.asksFor != nil { method = "GET" }
        // Cut into pieces on the way, and whole for everybody else (RFC 9113, 8.2.3).
        if !cookies.isEmpty { headers.add(name: "cookie", value: cookies.joined(separator: "; ")) }
        self.head = HTTPRequestHead(
            version: .http2, method: HTTPMethod(rawValue: method), uri: path, headers: headers)
    }
}
