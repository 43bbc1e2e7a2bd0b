import SeawayCrypto

/// A secret that is compared in the same time however much of it was guessed.
package struct SharedSecret: Hashable, Sendable {
    private let digest: [UInt8]

    package init(_ bytes: [UInt8]) { self.digest = SHA256.digest(of: bytes) }

    package func matches(_ given: [UInt8]) -> Bool {
        SHA256.digest(of: given).isEqualInConstantTime(to: self.digest)
    }
}

/// The signature of a body: HMAC-SHA256 (RFC 2104) in hexadecimal, as `sha256=…` or alone, as webhooks send it.
package struct HTTPSignature: Sendable {
    /// The name of the field, such as `x-hub-signature-256`.
    package let field: String
    private let key: [UInt8]
    private static let prefix = "sha256="

    package init(field: String, secret: [UInt8]) {
        self.field = field
        self.key = secret
    }

    /// Whether a signature may stand in a field of this name: a token (RFC 9110, 5.6.2), and none that says how the
    /// message is to be read.
    package static func isField(_ name: String) -> Bool {
        let taken = [
            "authorization", "connection", "content-length", "content-type", "expect", "host", "idempotency-key", "te",
            "trailer", "transfer-encoding", "upgrade",
        ]
        return !name.isEmpty && !taken.contains(name.lowercased())
            && name.utf8.allSatisfy { byte in
                switch byte {
                case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                    UInt8(ascii: "a")...UInt8(ascii: "z"):
                    true
                default: "!#$%&'*+-.^_`|~".utf8.contains(byte)
                }
            }
    }

    /// `sha256=` and 64 digits.
    package func signature(of body: [UInt8]) -> String {
        let code = SHA256.authenticationCode(of: body, key: self.key)
        return Self.prefix + code.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
    }

    /// Compares in constant time.
    package func isValid(_ given: String, for body: [UInt8]) -> Bool {
        let digits = given.hasPrefix(Self.prefix) ? given.utf8.dropFirst(Self.prefix.utf8.count)[...] : given.utf8[...]
        guard let code = Self.bytes(hexadecimal: Array(digits)) else { return false }
        return SHA256.authenticationCode(of: body, key: self.key).isEqualInConstantTime(to: code)
    }

    private static func bytes(hexadecimal digits: [UInt8]) -> [UInt8]? {
        guard digits.count == SHA256.byteCount * 2 else { return nil }
        let values = digits.compactMap { digit -> UInt8? in
            switch digit {
            case UInt8(ascii: "0")...UInt8(ascii: "9"): digit - UInt8(ascii: "0")
            case UInt8(ascii: "a")...UInt8(ascii: "f"): digit - UInt8(ascii: "a") + 10
            case UInt8(ascii: "A")...UInt8(ascii: "F"): digit - UInt8(ascii: "A") + 10
            default: nil
            }
        }
        guard values.count == digits.count else { return nil }
        return stride(from: 0, to: values.count, by: 2).map { values[$0] << 4 | values[$0 + 1] }
    }
}
