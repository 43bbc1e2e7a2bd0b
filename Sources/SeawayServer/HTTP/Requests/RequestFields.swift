import SeawayNIO

/// What the fields of a request tell the server, found in one pass over them.
package struct RequestFields: Hashable, Sendable {
    package enum Coding: Hashable, Sendable { case none, chunked, other }

    /// The last `Host`, and how many there were.
    package private(set) var host: String?
    package private(set) var hostCount = 0
    /// `nil` without the field; `Int.max` when it does not fit.
    package private(set) var contentLength: Int?
    /// `Content-Length` is no count of bytes, or came more than once (RFC 9112, 6.3).
    package private(set) var hasBadLength = false
    package private(set) var coding = Coding.none
    package private(set) var expectsContinue = false
    /// `Expect` says something that nobody here knows (RFC 9110, 10.1.1).
    package private(set) var expectsOther = false
    package private(set) var asksForUpgrade = false
    package private(set) var asksForWebSocket = false
    /// `Connection` says `close`: that counts whatever else it says.
    package private(set) var closes = false
    /// `Connection` says `keep-alive`.
    package private(set) var keepsAlive = false
    /// White space stands around a value, which is no part of it: it must be taken off, and the fields read again.
    package private(set) var hasUntrimmed = false
    /// Lower-case names that `Connection` lists: they end here too.
    package private(set) var connectionNames: [String] = []
    /// Whether there is an `X-Request-Id`, or a `traceparent`.
    private(set) var hasMarks = false
    /// How many fields go to the worker.
    package private(set) var keptCount = 0

    package init(_ fields: some Collection<(name: String, value: String)>) {
        for (name, value) in fields {
            self.note(name, value)
            if FieldValue.isUntrimmed(value) { self.hasUntrimmed = true }
            if self.keeps(name) { self.keptCount += 1 }
        }
        // A field may stand before the one that says that it ends here.
        if !self.connectionNames.isEmpty { self.keptCount = fields.count { self.keeps($0.name) } }
    }

    /// Whether a field of this name goes to the worker (I8).
    package func keeps(_ name: String) -> Bool {
        if let known = KnownField(name), !known.isMark { return !known.endsHereInRequests }
        guard !name.utf8.contains(UInt8(ascii: "_")) else { return false }
        return self.connectionNames.isEmpty || !self.connectionNames.contains(name.lowercased())
    }

    private mutating func note(_ name: String, _ value: String) {
        switch KnownField(name) {
        case .host:
            self.host = value
            self.hostCount += 1
        case .contentLength: self.noteLength(value)
        case .transferEncoding:
            self.coding = self.coding == .none && FieldValue.tokens(value) == ["chunked"] ? .chunked : .other
        case .expect:
            for token in FieldValue.tokens(value) {
                if token == "100-continue" { self.expectsContinue = true } else { self.expectsOther = true }
            }
        case .upgrade:
            self.asksForUpgrade = true
            self.asksForWebSocket = self.asksForWebSocket || FieldValue.tokens(value).contains("websocket")
        case .connection: self.noteConnection(value)
        case .requestID, .traceparent: self.hasMarks = true
        case .date, .server, .webSocketHandshake, .otherHopByHop, nil: break
        }
    }

    private mutating func noteLength(_ value: String) {
        let isNumber = !value.isEmpty && value.utf8.allSatisfy { $0 >= UInt8(ascii: "0") && $0 <= UInt8(ascii: "9") }
        if !isNumber || self.contentLength != nil { self.hasBadLength = true }
        self.contentLength = Int(value) ?? .max
    }

    private mutating func noteConnection(_ value: String) {
        // First, because nearly every request says one of these.
        if value == "keep-alive" { return self.keepsAlive = true }
        if value == "close" { return self.closes = true }
        for token in FieldValue.tokens(value) {
            switch token {
            case "close": self.closes = true
            case "keep-alive": self.keepsAlive = true
            default: self.connectionNames.append(token)
            }
        }
    }
}
