import NIOCore

/// What may stand in `Host`, and where a URL has its host: a name or an address, and maybe a port
/// (RFC 9112, 3.2; RFC 3986, 3.2).
package enum HostField {
    /// - Parameter value: without white space around it; may be empty, where a URL has no host.
    package static func isLegal(_ value: Substring) -> Bool {
        let bytes = value.utf8
        if bytes.first == UInt8(ascii: "[") {
            guard let end = bytes.firstIndex(of: UInt8(ascii: "]")) else { return false }
            return Self.isAddress(bytes[..<end].dropFirst()) && Self.isPort(bytes[end...].dropFirst())
        }
        let end = bytes.firstIndex(of: UInt8(ascii: ":")) ?? bytes.endIndex
        return Self.isName(bytes[..<end]) && Self.isPort(bytes[end...])
    }

    /// - Parameter authority: of an `http` URL, which has a host for sure (RFC 9110, 4.2.1), and names no user (4.2.4).
    package static func isLegalAuthority(_ authority: Substring) -> Bool {
        authority.utf8.first.map { $0 != UInt8(ascii: ":") } ?? false && Self.isLegal(authority)
    }

    /// `reg-name`, of which an IPv4 address is one.
    private static func isName(_ bytes: Substring.UTF8View) -> Bool {
        var rest = bytes
        while let byte = rest.popFirst() {
            if byte == UInt8(ascii: "%") {
                guard let high = rest.popFirst(), let low = rest.popFirst(), high.isHexDigit, low.isHexDigit
                else { return false }
            } else if !byte.mayStandInName {
                return false
            }
        }
        return true
    }

    /// Nothing, or a colon with any number of digits.
    private static func isPort(_ bytes: Substring.UTF8View) -> Bool {
        bytes.isEmpty || bytes.first == UInt8(ascii: ":") && bytes.dropFirst().allSatisfy(\.isDigit)
    }

    /// What stands between brackets: an IPv6 address, or one of a version to come.
    private static func isAddress(_ bytes: Substring.UTF8View) -> Bool {
        guard let first = bytes.first, first | 0x20 != UInt8(ascii: "v") else { return Self.isFutureAddress(bytes) }
        // NIO takes a zone too, which means nothing to another machine (RFC 9844).
        guard !bytes.contains(UInt8(ascii: "%")) else { return false }
        let address = try? SocketAddress(ipAddress: String(Substring(bytes)), port: 0)
        return address?.protocol == .inet6
    }

    private static func isFutureAddress(_ bytes: Substring.UTF8View) -> Bool {
        let version = bytes.dropFirst().prefix(while: \.isHexDigit)
        let rest = bytes[version.endIndex...]
        return !version.isEmpty && rest.first == UInt8(ascii: ".") && rest.count > 1
            && rest.dropFirst().allSatisfy { $0.mayStandInName || $0 == UInt8(ascii: ":") }
    }
}

extension UInt8 {
    fileprivate var isDigit: Bool { self >= UInt8(ascii: "0") && self <= UInt8(ascii: "9") }

    fileprivate var isHexDigit: Bool {
        self.isDigit || (self | 0x20 >= UInt8(ascii: "a") && self | 0x20 <= UInt8(ascii: "f"))
    }

    /// `unreserved` and `sub-delims` of RFC 3986.
    fileprivate var mayStandInName: Bool {
        switch self {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "_"),
            UInt8(ascii: "~"), UInt8(ascii: "!"), UInt8(ascii: "$"), UInt8(ascii: "&")...UInt8(ascii: ","),
            UInt8(ascii: ";"), UInt8(ascii: "="):
            true
        default: false
        }
    }
}
