/// Text as it stands in one word of a line (RFC 3986): what is no letter, digit, `-`, `.`, `_` or `~` as `%` and two
/// digits.
package enum PercentCoding {
    /// - Parameter limit: bytes of the result; characters beyond it are left out.
    package static func encode(_ text: String, limit: Int) -> String {
        var encoded: [UInt8] = []
        for character in text {
            var piece: [UInt8] = []
            for byte in character.utf8 {
                if Self.isPlain(byte) {
                    piece.append(byte)
                } else {
                    piece += [UInt8(ascii: "%"), Self.digits[Int(byte >> 4)], Self.digits[Int(byte & 15)]]
                }
            }
            guard encoded.count + piece.count <= limit else { break }
            encoded += piece
        }
        return String(decoding: encoded, as: UTF8.self)
    }

    /// - Returns: the text itself where it is not so encoded.
    package static func decode(_ text: String) -> String {
        let bytes = Array(text.utf8)
        var decoded: [UInt8] = []
        var place = 0
        while place < bytes.count {
            guard bytes[place] == UInt8(ascii: "%") else {
                decoded.append(bytes[place])
                place += 1
                continue
            }
            guard place + 2 < bytes.count, let high = Self.value(bytes[place + 1]),
                let low = Self.value(bytes[place + 2])
            else { return text }
            decoded.append(high << 4 | low)
            place += 3
        }
        return String(validating: decoded, as: UTF8.self) ?? text
    }

    private static let digits = Array("0123456789ABCDEF".utf8)

    private static func isPlain(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"):
            true
        default: "-._~".utf8.contains(byte)
        }
    }

    private static func value(_ digit: UInt8) -> UInt8? {
        switch digit {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): digit - UInt8(ascii: "0")
        case UInt8(ascii: "a")...UInt8(ascii: "f"): digit - UInt8(ascii: "a") + 10
        case UInt8(ascii: "A")...UInt8(ascii: "F"): digit - UInt8(ascii: "A") + 10
        default: nil
        }
    }
}
