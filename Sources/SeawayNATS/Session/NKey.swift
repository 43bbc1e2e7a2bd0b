import SeawayCrypto

/// A user's key of NATS: the seed, `SU…`, of an Ed25519 key.
///
/// - SeeAlso: the documentation of nkeys: two bytes of prefix, 32 of seed, two of CRC-16, in Base32.
package struct NKey: Sendable {
    package struct Fault: Error, Hashable, Sendable, CustomStringConvertible { package let description: String }

    private static let seed: UInt8 = 18 << 3
    private static let user: UInt8 = 20 << 3
    private let key: Ed25519Key

    package init(seed text: String) throws(Fault) {
        guard text.utf8.count == 58, let bytes = Base32.decode(text), bytes.count == 36,
            Self.crc(bytes[..<34]) == UInt16(bytes[34]) | UInt16(bytes[35]) << 8
        else { throw Fault(description: "the seed is damaged") }
        guard bytes[0] & 0xF8 == Self.seed, (bytes[0] & 0x07) << 5 | bytes[1] >> 3 == Self.user else {
            throw Fault(description: "the seed is not that of a user, SU…")
        }
        guard let key = Ed25519Key(seed: Array(bytes[2..<34])) else {
            throw Fault(description: "the seed is no key")
        }
        self.key = key
    }

    /// `U…`, by which servers know the user.
    package var publicKey: String {
        let bytes = [Self.user] + self.key.publicKey
        let crc = Self.crc(bytes[...])
        return Base32.encode(bytes + [UInt8(crc & 0xFF), UInt8(crc >> 8)])
    }

    /// The signature of a server's nonce, in Base64 for URLs; empty if there is none.
    package func signature(of nonce: String) -> String {
        Base64URL.encode(self.key.signature(of: Array(nonce.utf8)) ?? [])
    }

    /// CRC-16 as of XMODEM.
    private static func crc(_ bytes: ArraySlice<UInt8>) -> UInt16 {
        var crc: UInt16 = 0
        for byte in bytes {
            crc ^= UInt16(byte) << 8
            for _ in 0..<8 { crc = crc & 0x8000 == 0 ? crc << 1 : crc << 1 ^ 0x1021 }
        }
        return crc
    }
}

/// RFC 4648, without padding.
private enum Base32 {
    private static let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZ234567".utf8)

    static func decode(_ text: String) -> [UInt8]? {
        var bytes: [UInt8] = []
        var word = 0
        var bits = 0
        for letter in text.utf8 {
            guard let value = self.alphabet.firstIndex(of: letter), bytes.count < 64 else { return nil }
            word = (word << 5 | value) & 0xFFF
            bits += 5
            if bits >= 8 {
                bits -= 8
                bytes.append(UInt8(truncatingIfNeeded: word >> bits))
            }
        }
        return bytes
    }

    static func encode(_ bytes: [UInt8]) -> String {
        var text: [UInt8] = []
        var word = 0
        var bits = 0
        for byte in bytes {
            word = (word << 8 | Int(byte)) & 0xFFFF
            bits += 8
            while bits >= 5 {
                bits -= 5
                text.append(self.alphabet[word >> bits & 31])
            }
        }
        if bits > 0 { text.append(self.alphabet[word << (5 - bits) & 31]) }
        return String(decoding: text, as: UTF8.self)
    }
}

/// RFC 4648, section 5, without padding.
private enum Base64URL {
    private static let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_".utf8)

    static func encode(_ bytes: [UInt8]) -> String {
        var text: [UInt8] = []
        for start in stride(from: 0, to: bytes.count, by: 3) {
            let part = bytes[start..<min(start + 3, bytes.count)]
            let word = part.reduce(0) { $0 << 8 | Int($1) } << (8 * (3 - part.count))
            for place in 0...part.count { text.append(self.alphabet[word >> (18 - 6 * place) & 63]) }
        }
        return String(decoding: text, as: UTF8.self)
    }
}
