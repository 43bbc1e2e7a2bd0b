/// The header fields that the server itself must know.
package enum KnownField: Hashable, Sendable {
    case connection
    case contentLength
    case date
    case expect
    case host
    case requestID
    case server
    case traceparent
    case transferEncoding
    case upgrade
    /// `sec-websocket-key`, `-version`, `-extensions`: the server deals with them.
    case webSocketHandshake
    /// `keep-alive`, `proxy-connection`, `te`, `trailer`: they belong to one connection and mean nothing beyond it.
    case otherHopByHop

    /// - Parameter name: a field name in any case.
    /// - Complexity: O(1): most names differ by their length.
    package init?(_ name: Span<UInt8>) {
        let candidates: (name: StaticString, field: KnownField)?
        switch name.count {
        case 2: candidates = ("te", .otherHopByHop)
        case 4 where name[0] | 0x20 == UInt8(ascii: "h"): candidates = ("host", .host)
        case 4: candidates = ("date", .date)
        case 6 where name[0] | 0x20 == UInt8(ascii: "s"): candidates = ("server", .server)
        case 6: candidates = ("expect", .expect)
        case 7 where name[0] | 0x20 == UInt8(ascii: "u"): candidates = ("upgrade", .upgrade)
        case 7: candidates = ("trailer", .otherHopByHop)
        case 10 where name[0] | 0x20 == UInt8(ascii: "c"): candidates = ("connection", .connection)
        case 10: candidates = ("keep-alive", .otherHopByHop)
        case 11: candidates = ("traceparent", .traceparent)
        case 12: candidates = ("x-request-id", .requestID)
        case 14: candidates = ("content-length", .contentLength)
        case 16: candidates = ("proxy-connection", .otherHopByHop)
        case 17 where name[0] | 0x20 == UInt8(ascii: "t"): candidates = ("transfer-encoding", .transferEncoding)
        case 17: candidates = ("sec-websocket-key", .webSocketHandshake)
        case 21: candidates = ("sec-websocket-version", .webSocketHandshake)
        case 24: candidates = ("sec-websocket-extensions", .webSocketHandshake)
        default: candidates = nil
        }
        guard let candidates, name.isEqualIgnoringCase(to: candidates.name) else { return nil }
        self = candidates.field
    }

    package init?(_ name: String) {
        guard let field = name.utf8.withContiguousStorageIfAvailable({ KnownField($0.span) }) ?? nil else { return nil }
        self = field
    }

    /// Whether it means nothing to the server but as a name: what is said of other fields counts for it too.
    var isMark: Bool { self == .requestID || self == .traceparent }

    /// Whether a request's field of this name stays here instead of going to the worker (I8).
    package var endsHereInRequests: Bool {
        switch self {
        case .connection, .transferEncoding, .upgrade, .webSocketHandshake, .expect, .otherHopByHop: true
        case .contentLength, .date, .host, .server, .requestID, .traceparent: false
        }
    }

    /// Whether an answer's field of this name is the server's own (I13).
    package var isServersInAnswers: Bool {
        switch self {
        case .connection, .contentLength, .transferEncoding, .upgrade, .webSocketHandshake, .otherHopByHop: true
        case .date, .expect, .host, .server, .requestID, .traceparent: false
        }
    }
}

extension Span<UInt8> {
    /// - Parameter other: lower-case letters and `-` only, as long as this.
    fileprivate func isEqualIgnoringCase(to other: StaticString) -> Bool {
        other.withUTF8Buffer { expected in
            for index in 0..<self.count where self[index] | 0x20 != expected[index] { return false }
            return true
        }
    }
}
