/// The name of one request, in all logs that tell of it (protocol/INTERFACE.md, I82).
package enum RequestID {
    /// Whose `X-Request-Id` a request keeps.
    package enum Rule: String, Sendable, CaseIterable {
        /// That of trusted proxies; all others get one that the server makes.
        case make
        /// Anybody's.
        case take
        /// No request has one, and what clients send is passed on like any other field.
        case off
    }

    /// Bytes of one that is taken.
    package static let longest = 128

    /// Whether it may be taken: visible ASCII, neither empty nor long.
    package static func isValid(_ text: String) -> Bool {
        (1...Self.longest).contains(text.utf8.count) && text.utf8.allSatisfy { $0 > 0x20 && $0 < 0x7F }
    }
}

/// What the server itself says of a request in the message that it sends of it, and so in its fields.
struct RequestMarks: Sendable {
    /// In the place of the client's `x-request-id`.
    var requestID: String?
    /// In the place of the client's `traceparent`.
    var traceparent: String?

    var count: Int { (self.requestID == nil ? 0 : 1) + (self.traceparent == nil ? 0 : 1) }

    /// Whether a field of the client's has this one in its place.
    func replaces(_ name: String) -> Bool {
        switch KnownField(name) {
        case .requestID: self.requestID != nil
        case .traceparent: self.traceparent != nil
        default: false
        }
    }
}
