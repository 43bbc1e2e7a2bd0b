/// What the first line of a request may look like.
package enum RequestLine {
    /// It is longer than a field may be. Thrown only where there is a ``RequestFraming``.
    package struct TooLong: Error {}

    /// The methods that NIO's parser knows in HTTP/1.1.
    package static let methods: Set<String> = [
        "ACL", "BIND", "CHECKOUT", "CONNECT", "COPY", "DELETE", "GET", "HEAD", "LINK", "LOCK", "M-SEARCH", "MERGE",
        "MKACTIVITY", "MKCALENDAR", "MKCOL", "MOVE", "NOTIFY", "OPTIONS", "PATCH", "POST", "PROPFIND", "PROPPATCH",
        "PURGE", "PUT", "QUERY", "REBIND", "REPORT", "SEARCH", "SOURCE", "SUBSCRIBE", "TRACE", "UNBIND", "UNLINK",
        "UNLOCK", "UNSUBSCRIBE",
    ]

    /// Whether a method that is not known is why nothing could be made of the bytes.
    ///
    /// The parser does not say where it stopped. It stops within the method's own line, before or behind which others
    /// may stand.
    ///
    /// - Parameters:
    ///   - bytes: all that the parser was given last; the beginning may be cut off.
    ///   - mayBePart: the line's end, too, may be missing.
    package static func hasUnknownMethod(_ bytes: some Collection<UInt8>, mayBePart: Bool) -> Bool {
        let lines = bytes.split(separator: UInt8(ascii: "\n"))
        return lines.contains { line in
            let words = line.split(separator: UInt8(ascii: " "), omittingEmptySubsequences: false)
            guard let method = words.first, !method.isEmpty, method.allSatisfy(Self.isTokenByte) else { return false }
            guard !Self.methods.contains(String(decoding: method, as: UTF8.self)) else { return false }
            let version = "HTTP/1.".utf8
            // What is not there yet may still come; of others before it this could be the body.
            let isPart = mayBePart && lines.count == 1 && line.endIndex == bytes.endIndex
            if words.count < 3 { return isPart }
            guard words.count == 3, !words[1].isEmpty else { return false }
            return words[2].starts(with: version) || (isPart && version.starts(with: words[2]))
        }
    }

    private static func isTokenByte(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "!"), UInt8(ascii: "#")...UInt8(ascii: "'"),
            UInt8(ascii: "*"), UInt8(ascii: "+"), UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "^"),
            UInt8(ascii: "_"), UInt8(ascii: "`"), UInt8(ascii: "|"), UInt8(ascii: "~"):
            true
        default: false
        }
    }
}
