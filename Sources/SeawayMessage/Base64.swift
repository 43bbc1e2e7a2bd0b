/// Base64 in its one strict form: RFC 4648 section 4, padded, no white space, unused bits zero (V8).
package enum Base64 {
    private static let padding = UInt8(ascii: "=")

    /// Whether the characters are base64.
    static func isWellFormed(_ text: Span<UInt8>) -> Bool {
        guard text.count.isMultiple(of: 4) else { return false }
        let padded = self.paddingCount(text)
        let digits = text.count - padded
        for place in 0..<digits where self.bits(of: text[place]) == nil { return false }
        guard padded > 0, let last = self.bits(of: text[digits - 1]) else { return true }
        return last & (padded == 1 ? 0b11 : 0b1111) == 0
    }

    /// How many bytes well-formed base64 stands for.
    static func decodedCount(_ text: Span<UInt8>) -> Int { text.count / 4 * 3 - self.paddingCount(text) }

    /// Hands on the bytes that well-formed base64 stands for, one by one.
    static func decode(_ text: Span<UInt8>, _ use: (UInt8) -> Void) {
        var group: UInt32 = 0
        var held: UInt32 = 0
        for place in 0..<text.count {
            guard let bits = self.bits(of: text[place]) else { return }
            group = group << 6 | UInt32(bits)
            held += 6
            guard held >= 8 else { continue }
            held -= 8
            use(UInt8(truncatingIfNeeded: group >> held))
        }
    }

    /// Adds the characters that stand for bytes.
    package static func encode(_ bytes: Span<UInt8>, to text: inout [UInt8]) {
        for start in stride(from: 0, to: bytes.count, by: 3) {
            let count = min(3, bytes.count - start)
            var group: UInt32 = 0
            for place in 0..<3 { group = group << 8 | (place < count ? UInt32(bytes[start + place]) : 0) }
            for place in 0..<4 {
                let bits = UInt8(truncatingIfNeeded: group >> (18 - 6 * UInt32(place)) & 0x3F)
                text.append(place <= count ? self.digit(for: bits) : self.padding)
            }
        }
    }

    private static func paddingCount(_ text: Span<UInt8>) -> Int {
        guard text.count >= 4, text[text.count - 1] == self.padding else { return 0 }
        return text[text.count - 2] == self.padding ? 2 : 1
    }

    private static func digit(for bits: UInt8) -> UInt8 {
        switch bits {
        case 0..<26: UInt8(ascii: "A") + bits
        case 26..<52: UInt8(ascii: "a") + bits - 26
        case 52..<62: UInt8(ascii: "0") + bits - 52
        case 62: UInt8(ascii: "+")
        default: UInt8(ascii: "/")
        }
    }

    @inline(__always)
    private static func bits(of digit: UInt8) -> UInt8? {
        switch digit {
        case UInt8(ascii: "A")...UInt8(ascii: "Z"): digit - UInt8(ascii: "A")
        case UInt8(ascii: "a")...UInt8(ascii: "z"): digit - UInt8(ascii: "a") + 26
        case UInt8(ascii: "0")...UInt8(ascii: "9"): digit - UInt8(ascii: "0") + 52
        case UInt8(ascii: "+"): 62
        case UInt8(ascii: "/"): 63
        default: nil
        }
    }
}
