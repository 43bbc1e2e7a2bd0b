/// Finds the tokens of JSON text (RFC 8259), strictly.
///
/// Each function reads at `offset` and moves behind what it has read; where it answers nil or false the place is
/// undefined.
enum JSONScan {
    /// What stands between the quotes of a string.
    struct Text {
        let content: Range<Int>
        let isEscaped: Bool
    }

    enum Number {
        case int(Int64)
        case double(Double)
    }

    static func skipSpace(_ bytes: Span<UInt8>, _ offset: inout Int) {
        while offset < bytes.count {
            switch bytes[offset] {
            case 0x20, 0x09, 0x0A, 0x0D: offset += 1
            default: return
            }
        }
    }

    /// Moves behind one byte if it stands here.
    @inline(__always)
    static func take(_ byte: Unicode.Scalar, _ bytes: Span<UInt8>, _ offset: inout Int) -> Bool {
        guard offset < bytes.count, bytes[offset] == UInt8(ascii: byte) else { return false }
        offset += 1
        return true
    }

    static func word(_ word: StaticString, _ bytes: Span<UInt8>, _ offset: inout Int) -> Bool {
        guard bytes.count - offset >= word.utf8CodeUnitCount else { return false }
        let start = offset
        offset += word.utf8CodeUnitCount
        return word.withUTF8Buffer { $0.indices.allSatisfy { bytes[start + $0] == word.utf8Start[$0] } }
    }
}

// MARK: Strings
extension JSONScan {
    /// Reads a string: quotes, well-formed UTF-8 without raw control characters, known escapes, no lone surrogate (V3).
    static func string(_ bytes: Span<UInt8>, _ offset: inout Int) -> Text? {
        guard self.take("\"", bytes, &offset) else { return nil }
        let start = offset
        var isEscaped = false
        while offset < bytes.count {
            let plain = self.plainCount(bytes, offset)
            offset += plain
            if plain == 8 { continue }
            switch bytes[offset] {
            case UInt8(ascii: "\""):
                defer { offset += 1 }
                return Text(content: start..<offset, isEscaped: isEscaped)
            case UInt8(ascii: "\\"):
                guard self.escape(bytes, &offset) != nil else { return nil }
                isEscaped = true
            case 0x00..<0x20:
                return nil
            case 0x20..<0x80:
                offset += 1
            default:
                let count = UTF8Check.sequence(bytes, offset, end: bytes.count)
                guard count > 0 else { return nil }
                offset += count
            }
        }
        return nil
    }

    /// The UTF-8 of a string that was read, with its escapes resolved.
    static func unescaped(_ text: Text, _ bytes: Span<UInt8>) -> [UInt8] {
        var result: [UInt8] = []
        result.reserveCapacity(text.content.count)
        var offset = text.content.lowerBound
        while offset < text.content.upperBound {
            if bytes[offset] == UInt8(ascii: "\\"), let scalar = self.escape(bytes, &offset) {
                result.append(contentsOf: String(scalar).utf8)
            } else {
                result.append(bytes[offset])
                offset += 1
            }
        }
        return result
    }

    /// Reads one escape from its backslash on; two of the form `\uXXXX` where they are a pair of surrogates.
    private static func escape(_ bytes: Span<UInt8>, _ offset: inout Int) -> Unicode.Scalar? {
        guard bytes.count - offset >= 2 else { return nil }
        let letter = bytes[offset + 1]
        guard letter != UInt8(ascii: "u") else { return self.unicodeEscape(bytes, &offset) }
        offset += 2
        return switch letter {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): Unicode.Scalar(letter)
        case UInt8(ascii: "b"): "\u{08}"
        case UInt8(ascii: "f"): "\u{0C}"
        case UInt8(ascii: "n"): "\n"
        case UInt8(ascii: "r"): "\r"
        case UInt8(ascii: "t"): "\t"
        default: nil
        }
    }

    private static func unicodeEscape(_ bytes: Span<UInt8>, _ offset: inout Int) -> Unicode.Scalar? {
        guard let first = self.codeUnit(bytes, &offset) else { return nil }
        guard 0xD800...0xDBFF ~= first else { return Unicode.Scalar(first) }
        guard let second = self.codeUnit(bytes, &offset), 0xDC00...0xDFFF ~= second else { return nil }
        return Unicode.Scalar(0x1_0000 + (first - 0xD800) << 10 + (second - 0xDC00))
    }

    /// Reads `\uXXXX`.
    private static func codeUnit(_ bytes: Span<UInt8>, _ offset: inout Int) -> UInt32? {
        guard self.word("\\u", bytes, &offset), bytes.count - offset >= 4 else { return nil }
        var unit: UInt32 = 0
        for place in offset..<offset + 4 {
            let digit = bytes[place]
            switch digit {
            case UInt8(ascii: "0")...UInt8(ascii: "9"): unit = unit << 4 | UInt32(digit - UInt8(ascii: "0"))
            case UInt8(ascii: "a")...UInt8(ascii: "f"): unit = unit << 4 | UInt32(digit - UInt8(ascii: "a") + 10)
            case UInt8(ascii: "A")...UInt8(ascii: "F"): unit = unit << 4 | UInt32(digit - UInt8(ascii: "A") + 10)
            default: return nil
            }
        }
        offset += 4
        return unit
    }

    /// How many of the next bytes, 8 at most, are for sure ASCII that stands for itself: no quote, no backslash, no
    /// control character.
    ///
    /// Less than 8 only if such a byte, or one beyond ASCII, follows or the text ends within 8 bytes; then it may be 0.
    @inline(__always)
    static func plainCount(_ bytes: Span<UInt8>, _ offset: Int) -> Int {
        guard bytes.count - offset >= 8 else { return 0 }
        let word = UInt64(littleEndian: bytes.bytes.unsafeLoadUnaligned(fromByteOffset: offset, as: UInt64.self))
        let ones: UInt64 = 0x0101_0101_0101_0101
        // A subtraction sets a byte's high bit when the byte is below what is taken away. It borrows from the bytes
        // above then, but only the lowest hit counts.
        let quotes = (word ^ ones &* 0x22) &- ones
        let backslashes = (word ^ ones &* 0x5C) &- ones
        let controls = word &- ones &* 0x20
        return ((quotes | backslashes | controls | word) & 0x8080_8080_8080_8080).trailingZeroBitCount / 8
    }
}

// MARK: Numbers
extension JSONScan {
    /// Reads a number: an integer of 64 bits, or with `.`, `e` or `E` a finite double (V4, V5).
    static func number(_ bytes: Span<UInt8>, _ offset: inout Int) -> Number? {
        let start = offset
        let isNegative = self.take("-", bytes, &offset)
        let whole = self.digits(bytes, &offset)
        guard !whole.isEmpty, whole.count == 1 || bytes[whole.lowerBound] != UInt8(ascii: "0") else { return nil }
        var isDouble = false
        if self.take(".", bytes, &offset) {
            guard !self.digits(bytes, &offset).isEmpty else { return nil }
            isDouble = true
        }
        if self.take("e", bytes, &offset) || self.take("E", bytes, &offset) {
            if !self.take("+", bytes, &offset) { _ = self.take("-", bytes, &offset) }
            guard !self.digits(bytes, &offset).isEmpty else { return nil }
            isDouble = true
        }
        guard isDouble else { return self.integer(bytes, whole, isNegative).map { .int($0) } }
        return self.double(bytes.extracting(start..<offset)).map { .double($0) }
    }

    private static func digits(_ bytes: Span<UInt8>, _ offset: inout Int) -> Range<Int> {
        let start = offset
        while offset < bytes.count, UInt8(ascii: "0")...UInt8(ascii: "9") ~= bytes[offset] { offset += 1 }
        return start..<offset
    }

    private static func integer(_ bytes: Span<UInt8>, _ digits: Range<Int>, _ isNegative: Bool) -> Int64? {
        var value: Int64 = 0
        for place in digits {
            let digit = Int64(bytes[place] - UInt8(ascii: "0"))
            let (tens, isTooLong) = value.multipliedReportingOverflow(by: 10)
            // Downwards for a negative number: the lowest one has no positive counterpart.
            let (sum, isTooLarge) = tens.addingReportingOverflow(isNegative ? -digit : digit)
            guard !isTooLong, !isTooLarge else { return nil }
            value = sum
        }
        return value
    }

    private static func double(_ text: Span<UInt8>) -> Double? {
        let text = text.withUnsafeBufferPointer { String(decoding: $0, as: UTF8.self) }
        return Double(text).flatMap { $0.isFinite ? $0 : nil }
    }
}
