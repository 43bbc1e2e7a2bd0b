import SeawayNIO

/// What may stand in the fields of an answer (RFC 9110, section 5).
package enum FieldCheck {
    /// Whether the bytes are a legal field name.
    package static func isToken(_ name: Span<UInt8>) -> Bool {
        for index in 0..<name.count where !self.isTokenByte(name[index]) { return false }
        return name.count > 0
    }

    /// Whether a value can neither end its line nor hide anything in it.
    package static func isValue(_ value: Span<UInt8>) -> Bool {
        for index in 0..<value.count {
            let byte = value[index]
            if (byte < 0x20 && byte != UInt8(ascii: "\t")) || byte == 0x7F { return false }
        }
        return true
    }

    /// A count of bytes in decimal, maybe with white space around it; `nil` for anything else.
    package static func length(_ value: Span<UInt8>) -> Int? {
        var (start, end) = (0, value.count)
        while start < end, FieldValue.isSpace(value[start]) { start += 1 }
        while start < end, FieldValue.isSpace(value[end - 1]) { end -= 1 }
        guard (1...18).contains(end - start) else { return nil }
        var length = 0
        for index in start..<end {
            let digit = value[index] &- UInt8(ascii: "0")
            guard digit <= 9 else { return nil }
            length = length * 10 + Int(digit)
        }
        return length
    }

    package static func isTokenByte(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "_"), UInt8(ascii: "."),
            UInt8(ascii: "!"), UInt8(ascii: "#")...UInt8(ascii: "'"), UInt8(ascii: "*"), UInt8(ascii: "+"),
            UInt8(ascii: "^"), UInt8(ascii: "`"), UInt8(ascii: "|"), UInt8(ascii: "~"):
            true
        default: false
        }
    }
}
