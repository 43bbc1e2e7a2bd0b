public import SeawayMessage

/// An `http.request` message (INTERFACE.md, section 2).
public struct HTTPRequest: Sendable {
    public let incoming: IncomingMessage
    /// Upper case, as the client sent it.
    public let method: String
    /// Percent-decoded.
    public let path: String
    /// What the route's pattern has named: `/users/{id}`.
    public let parameters: [String: String]

    init(_ incoming: IncomingMessage, method: String, path: String, parameters: [String: String]) {
        self.incoming = incoming
        self.method = method
        self.path = path
        self.parameters = parameters
    }

    public var layer: any ChannelLayer { self.incoming.layer }

    /// What stands behind the first `?`, undecoded, as UTF-8.
    public var queryString: String { self.incoming["query_string"]?.bytes.map { String(decoding: $0, as: UTF8.self) } ?? "" }

    /// The body, whole.
    public var body: [UInt8] { self.incoming["body"]?.bytes ?? [] }

    /// The fields in their order; names in lower case.
    public var headers: [(name: String, value: String)] {
        (self.incoming["headers"]?.list ?? []).compactMap { pair in
            guard let pair = pair.list, pair.count == 2, let name = pair[0].bytes, let value = pair[1].bytes else {
                return nil
            }
            return (String(decoding: name, as: UTF8.self), String(decoding: value, as: UTF8.self))
        }
    }

    /// The first field of that name, in lower case.
    public func header(_ name: String) -> String? { self.headers.first { $0.name == name }?.value }
}
