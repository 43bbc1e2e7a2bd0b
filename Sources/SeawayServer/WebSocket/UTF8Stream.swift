/// Tells well-formed UTF-8 (Unicode, table 3-7) from other bytes while they come, at the first byte that cannot be
/// right.
package struct UTF8Stream: Hashable, Sendable {
    /// Bytes that the character in hand still needs, and what the next of them may be.
    private var missing = 0
    private var next: ClosedRange<UInt8> = 0x80...0xBF

    package init() {}

    /// Whether no character is cut.
    package var isComplete: Bool { self.missing == 0 }

    /// - Returns: whether the bytes so far begin a well-formed text.
    package mutating func take(_ bytes: Span<UInt8>) -> Bool {
        var place = 0
        while place < bytes.count {
            if self.missing == 0 {
                place += Self.asciiCount(bytes, place)
                guard place < bytes.count else { break }
            }
            guard self.take(bytes[place]) else { return false }
            place += 1
        }
        return true
    }

    private mutating func take(_ byte: UInt8) -> Bool {
        if self.missing > 0 {
            guard self.next ~= byte else { return false }
            self.missing -= 1
            self.next = 0x80...0xBF
            return true
        }
        switch byte {
        case 0x00...0x7F: break
        case 0xC2...0xDF: self.expect(1)
        case 0xE0: self.expect(2, 0xA0...0xBF)
        case 0xED: self.expect(2, 0x80...0x9F)
        case 0xE1...0xEF: self.expect(2)
        case 0xF0: self.expect(3, 0x90...0xBF)
        case 0xF1...0xF3: self.expect(3)
        case 0xF4: self.expect(3, 0x80...0x8F)
        default: return false
        }
        return true
    }

    private mutating func expect(_ count: Int, _ next: ClosedRange<UInt8> = 0x80...0xBF) {
        self.missing = count
        self.next = next
    }

    /// How many of the next bytes are ASCII for sure, looked at by eights.
    private static func asciiCount(_ bytes: Span<UInt8>, _ start: Int) -> Int {
        var place = start
        while bytes.count - place >= 8 {
            let word = UInt64(littleEndian: bytes.bytes.unsafeLoadUnaligned(fromByteOffset: place, as: UInt64.self))
            let count = (word & 0x8080_8080_8080_8080).trailingZeroBitCount / 8
            place += count
            guard count == 8 else { break }
        }
        return place - start
    }
}
