/// Tells well-formed UTF-8 (Unicode, table 3-7) from other bytes, without a copy.
///
/// The standard library's `UTF8Span` does the same, but not on every system that the package supports.
enum UTF8Check {
    static func isWellFormed(_ bytes: Span<UInt8>, _ range: Range<Int>) -> Bool {
        var offset = range.lowerBound
        while offset < range.upperBound {
            let ascii = self.asciiCount(bytes, offset)
            let count = ascii > 0 ? ascii : self.sequence(bytes, offset, end: range.upperBound)
            guard count > 0 else { return false }
            offset += count
        }
        return true
    }

    /// How long the well-formed sequence of two to four bytes is that begins here and ends before `end`; 0 if there is
    /// none.
    static func sequence(_ bytes: Span<UInt8>, _ offset: Int, end: Int) -> Int {
        let first = bytes[offset]
        let (count, second): (Int, ClosedRange<UInt8>) =
            switch first {
            case 0xC2...0xDF: (2, 0x80...0xBF)
            case 0xE0: (3, 0xA0...0xBF)
            case 0xED: (3, 0x80...0x9F)
            case 0xE1...0xEF: (3, 0x80...0xBF)
            case 0xF0: (4, 0x90...0xBF)
            case 0xF1...0xF3: (4, 0x80...0xBF)
            case 0xF4: (4, 0x80...0x8F)
            default: (0, 0...0)
            }
        guard count > 0, end - offset >= count, second ~= bytes[offset + 1] else { return 0 }
        for place in 2..<max(count, 2) where bytes[offset + place] & 0xC0 != 0x80 { return 0 }
        return count
    }

    /// How many of the next bytes, 8 at most, are ASCII for sure; they may reach beyond the end of a string.
    @inline(__always)
    private static func asciiCount(_ bytes: Span<UInt8>, _ offset: Int) -> Int {
        guard bytes.count - offset >= 8 else { return bytes[offset] < 0x80 ? 1 : 0 }
        let word = UInt64(littleEndian: bytes.bytes.unsafeLoadUnaligned(fromByteOffset: offset, as: UInt64.self))
        return (word & 0x8080_8080_8080_8080).trailingZeroBitCount / 8
    }
}
