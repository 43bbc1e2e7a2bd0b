import SeawayNIO

/// A request target cut into what a message holds (protocol/INTERFACE.md, I7).
package struct RequestTarget: Hashable, Sendable {
    /// Percent-decoded, ill-formed UTF-8 repaired.
    package let path: String
    /// As it came, without the query.
    package let rawPath: Substring
    /// Behind the first `?`, as it came.
    package let query: Substring
    /// Of a target in absolute form.
    package let authority: Substring?

    /// - Parameter target: the second word of the request line.
    /// - Returns: `nil` for anything but origin form, absolute form with `http` or `https` and a host, and `*`, and for
    ///   a `%00`.
    package init?(_ target: String) {
        var rest = target[...]
        var authority: Substring?
        guard target.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F && $0 != UInt8(ascii: "#") }) else { return nil }
        if target.utf8.first != UInt8(ascii: "/"), target != "*" {
            guard let start = Self.endOfScheme(target) else { return nil }
            let end = target[start...].firstIndex { $0 == "/" || $0 == "?" } ?? target.endIndex
            guard HostField.isLegalAuthority(target[start..<end]) else { return nil }
            authority = target[start..<end]
            rest = target[end...]
        }
        let mark = rest.utf8.firstIndex(of: UInt8(ascii: "?"))
        let rawPath = rest[..<(mark ?? rest.endIndex)]
        guard let path = Self.decode(rawPath) else { return nil }
        self.authority = authority
        self.rawPath = rawPath.isEmpty ? "/" : rawPath
        self.path = path.isEmpty ? "/" : path
        self.query = mark.map { rest[rest.utf8.index(after: $0)...] } ?? ""
    }

    private static func endOfScheme(_ target: String) -> String.Index? {
        for scheme in ["http://", "https://"] where target.prefix(scheme.count).lowercased() == scheme {
            return target.index(target.startIndex, offsetBy: scheme.count)
        }
        return nil
    }

    private static func decode(_ raw: Substring) -> String? {
        guard raw.utf8.contains(UInt8(ascii: "%")) else { return String(raw) }
        let bytes = raw.percentDecoded
        return bytes.contains(0) ? nil : String(decoding: bytes, as: UTF8.self)
    }
}
