public import SeawayMessage

/// An `http.request` message (INTERFACE.md, section 2).
///
/// What is computed is decoded from the message each time it is asked for.
public struct HTTPRequest: Sendable {
    /// The message itself.
    public let incoming: IncomingMessage
    /// Upper case, as the client sent it.
    public let method: String
    /// Percent-decoded.
    public let path: String

    init(_ incoming: IncomingMessage, method: String, path: String) {
        self.incoming = incoming
        self.method = method
        self.path = path
        self.body = RequestBody(incoming)
    }

    public var layer: any ChannelLayer { self.incoming.layer }

    /// What the route's pattern has named: `/users/{id}`; `*` for the tail of `/files/*`.
    public var parameters: [String: String] { self.incoming.parameters }

    /// What stands behind the first `?`, undecoded.
    public var queryString: String { self.text("query_string") ?? "" }

    /// The query string as a form: names and values, decoded, in their order.
    public var query: FormFields { FormFields(self.queryString) }

    /// The body, of any size, as it comes.
    public let body: RequestBody

    /// The body as UTF-8; what is ill-formed in it is replaced.
    ///
    /// - Throws: as ``RequestBody/collect(upTo:)`` does.
    public func text(upTo limit: Int = RequestBody.mostCollected) async throws -> String {
        String(decoding: try await self.body.collect(upTo: limit), as: UTF8.self)
    }

    /// The body as a form: names and values, decoded, in their order.
    ///
    /// - Throws: as ``RequestBody/collect(upTo:)`` does.
    public func form(upTo limit: Int = RequestBody.mostCollected) async throws -> FormFields {
        FormFields(try await self.text(upTo: limit))
    }

    /// The body as a form in parts, of any size, as it comes.
    ///
    /// - Throws: `WorkerError` with `malformedForm` when the request does not say that it has one.
    public func multipart(limits: MultipartLimits = MultipartLimits()) throws -> MultipartForm {
        try MultipartForm(self.body, contentType: self.header("content-type"), limits: limits)
    }

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

    /// What all logs call the request: 1 to 128 bytes of visible ASCII; `nil` where requests have no names
    /// (INTERFACE.md, I82).
    public var requestID: String? { self.incoming["request_id"]?.string }

    /// `http` or `https`.
    public var scheme: String { self.text("scheme") ?? "http" }

    /// Where the site is mounted.
    public var rootPath: String { self.text("root_path") ?? "" }

    /// The address of the other end of the connection, where there is one.
    public var client: (host: String, port: Int)? {
        guard let pair = self.incoming["client"]?.list, pair.count == 2, let host = pair[0].string,
            let port = pair[1].int
        else { return nil }
        return (host, Int(port))
    }

    private func text(_ key: String) -> String? {
        self.incoming[key]?.bytes.map { String(decoding: $0, as: UTF8.self) }
    }
}
