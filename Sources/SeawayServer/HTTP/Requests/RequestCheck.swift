import SeawayNIO

/// Decides from the head of a request whether its body is read.
package struct RequestCheck: Hashable, Sendable {
    /// A head that was found good.
    package struct Head: Hashable, Sendable {
        package var target: RequestTarget
        package var fields: RequestFields
        package var isHTTP10: Bool
        package var isHTTP2 = false
        /// `HEAD`: the answer has no content (I14).
        package var isHead: Bool
        /// Whether the connection may stay open after the answer (I24).
        package var staysOpen: Bool

        /// Whether it asks to become a WebSocket (INTERFACE.md, section 8).
        package var asksForWebSocket: Bool { self.fields.asksForWebSocket }

        /// `http_version`
        var version: StaticString { self.isHTTP2 ? "2" : self.isHTTP10 ? "1.0" : "1.1" }

        /// The host that routes look at.
        package var host: String? { self.target.authority.map(String.init) ?? self.fields.host }
    }

    package enum Verdict: Hashable, Sendable {
        case accept(Head)
        case refuse(ErrorAnswer)
    }

    /// Bytes.
    package var maxBody: Int
    /// Bytes of the request line.
    package var maxLine = Int.max

    package init(maxBody: Int) { self.maxBody = maxBody }

    package init(_ limits: ServerConfiguration) {
        self.maxBody = limits.maxRequestBody
        self.maxLine = limits.maxRequestLine
    }

    /// - Parameter parserGoesOn: the parser takes another request behind this one.
    package func verdict(
        method: String, target: String, isHTTP10: Bool, parserGoesOn: Bool, fields: RequestFields
    ) -> Verdict {
        guard Self.lineSize(method, target) <= self.maxLine else { return .refuse(.targetTooLong) }
        guard method != "CONNECT" else { return .refuse(.connect) }
        guard fields.coding != .other, !isHTTP10 || fields.coding == .none else { return .refuse(.transferCoding) }
        guard !fields.hasBadLength, fields.coding == .none || fields.contentLength == nil else {
            return .refuse(.syntax)
        }
        guard fields.hostCount == 1 || (isHTTP10 && fields.hostCount == 0), Self.isLegal(fields.host) else {
            return .refuse(.hostField)
        }
        // What HTTP/1.0 expects means nothing.
        guard isHTTP10 || !fields.expectsOther else { return .refuse(.expectation) }
        guard target != "*" || method == "OPTIONS", let parts = RequestTarget(target) else { return .refuse(.target) }
        guard fields.contentLength ?? 0 <= self.maxBody else { return .refuse(.bodyTooLarge) }
        return .accept(
            Head(
                target: parts, fields: fields, isHTTP10: isHTTP10, isHead: method == "HEAD",
                // The decoder reads nothing behind a request that asks for another protocol.
                staysOpen: parserGoesOn && !fields.asksForUpgrade && !fields.closes && (!isHTTP10 || fields.keepsAlive)
            )
        )
    }

    /// With its two spaces and the version, but not the line's end.
    private static func lineSize(_ method: String, _ target: String) -> Int {
        method.utf8.count + 1 + target.utf8.count + 1 + "HTTP/1.1".utf8.count
    }

    private static func isLegal(_ host: String?) -> Bool { host.map { HostField.isLegal($0[...]) } ?? true }
}
