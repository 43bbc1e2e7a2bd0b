/// What the fields of a request tell the server, found in one pass over them.
package struct RequestFields: Hashable, Sendable {
    package enum Coding: Hashable, Sendable { case none, chunked, other }

    /// The last `Host`, and how many there were.
    package private(set) var host: String?
    package private(set) var hostCount = 0
    /// `nil` without the field; `Int.max` when it does not fit.
    package private(set) var contentLength: Int?
    package private(set) var coding = Coding.none
    package private(set) var expectsContinue = false
    package private(set) var asksForUpgrade = false
    package private(set) var asksForWebSocket = false
    /// Lower-case names that `Connection` lists: they end here too.
    package private(set) var connectionNames: [String] = []
    /// How many fields go to the worker.
    package private(set) var keptCount = 0

    package init(_ fields: some Collection<(name: String, value: String)>) {
        for (name, value) in fields {
            self.note(name, value)
            if self.keeps(name) { self.keptCount += 1 }
        }
        // A field may stand before the one that says that it ends here.
        if !self.connectionNames.isEmpty { self.keptCount = fields.count { self.keeps($0.name) } }
    }

    /// Whether a field of this name goes to the worker (I8).
    package func keeps(_ name: String) -> Bool {
        if let known = KnownField(name) { return !known.endsHereInRequests }
        guard !name.utf8.contains(UInt8(ascii: "_")) else { return false }
        return self.connectionNames.isEmpty || !self.connectionNames.contains(name.lowercased())
    }

    private mutating func note(_ name: String, _ value: String) {
        switch KnownField(name) {
        case .host:
            self.host = value
            self.hostCount += 1
        case .contentLength: self.contentLength = Int(value) ?? .max
        case .transferEncoding:
            self.coding = self.coding == .none && value.lowercased() == "chunked" ? .chunked : .other
        case .expect: self.expectsContinue = value.lowercased() == "100-continue"
        case .upgrade:
            self.asksForUpgrade = true
            self.asksForWebSocket = self.asksForWebSocket || Self.words(value).contains("websocket")
        case .connection: self.noteConnection(value)
        case .date, .server, .webSocketHandshake, .otherHopByHop, nil: break
        }
    }

    private mutating func noteConnection(_ value: String) {
        // First, because nearly every request says one of these, and neither names a field.
        guard value != "keep-alive", value != "close" else { return }
        self.connectionNames += Self.words(value).filter { $0 != "close" }
    }

    private static func words(_ value: String) -> [String] {
        value.lowercased().split(separator: ",").map { word in
            String(word.drop { $0 == " " || $0 == "\t" }.prefix { $0 != " " && $0 != "\t" })
        }
    }
}
