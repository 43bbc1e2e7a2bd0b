#if canImport(Darwin)
    import Darwin
#elseif canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#endif

extension UnsafeRawBufferPointer {
    /// The first place of a byte, from an offset on: the C library looks at many at once, and whole bodies go this way.
    ///
    /// - Parameter start: 0 or more.
    func firstOffset(of byte: UInt8, from start: Int = 0) -> Int? {
        guard let base = self.baseAddress, (0..<self.count).contains(start),
            let found = memchr(base + start, CInt(byte), self.count - start)
        else { return nil }
        return UnsafeRawPointer(found) - base
    }

    /// The last place of a byte that is seldom.
    func lastOffset(of byte: UInt8) -> Int? {
        var last: Int?
        while let next = self.firstOffset(of: byte, from: last.map { $0 + 1 } ?? 0) { last = next }
        return last
    }
}
