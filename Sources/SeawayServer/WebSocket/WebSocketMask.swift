/// The four bytes with which a client hides a payload (RFC 6455, section 5.3), turned to where the next byte stands.
package struct WebSocketMask: Hashable, Sendable {
    /// The first byte is the lowest.
    private let key: UInt32

    private init(key: UInt32) { self.key = key }

    /// - Parameter bytes: four.
    package init(_ bytes: Span<UInt8>) {
        self.key = (0..<4).reduce(0) { $0 | UInt32(bytes[$1]) << (8 * UInt32($1)) }
    }

    /// The mask for what stands behind so many more bytes.
    package func advanced(by count: Int) -> WebSocketMask {
        let shift = 8 * UInt32(truncatingIfNeeded: count & 3)
        return WebSocketMask(key: self.key >> shift | self.key << ((32 - shift) & 31))
    }

    /// Writes the bytes without their mask.
    ///
    /// - Parameter target: at least as many bytes.
    package func unmask(_ source: Span<UInt8>, to target: UnsafeMutableRawPointer) {
        let wide = UInt64(self.key) << 32 | UInt64(self.key)
        let whole = source.count & ~7
        for place in stride(from: 0, to: whole, by: 8) {
            let word = source.bytes.unsafeLoadUnaligned(fromByteOffset: place, as: UInt64.self)
            target.storeBytes(of: word ^ wide.littleEndian, toByteOffset: place, as: UInt64.self)
        }
        for place in whole..<source.count {
            let byte = UInt8(truncatingIfNeeded: self.key >> (8 * UInt32(place & 3)))
            target.storeBytes(of: source[place] ^ byte, toByteOffset: place, as: UInt8.self)
        }
    }
}
