#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// The names of channels that a server issues, one for each number: `http.response.<server>!17.8nC0hPByqrwBZIjL`
/// (protocol/INTERFACE.md, I1 and W1).
///
/// The number finds whom a message is for at once; the seal behind it shows that the name was issued, and to whoever
/// sends it.
package struct SealedNames: Sendable {
    /// Such as `http.response.<server>!`
    package let stem: String
    private let seal: NameSeal

    package init(stem: String, seal: NameSeal = NameSeal()) {
        self.stem = stem
        self.seal = seal
    }

    private static let dot = UInt8(ascii: ".")
    /// The digits of the highest number, which nobody draws.
    private static let mostDigits = 20

    package func name(of number: UInt64) -> String {
        let seal = self.seal.text(of: number)
        var stem = self.stem
        return stem.withUTF8 { stem in
            String(unsafeUninitializedCapacity: stem.count + Self.mostDigits + 1 + NameSeal.length) { target in
                let bytes = UnsafeMutableRawBufferPointer(target)
                bytes.copyBytes(from: stem)
                var end = stem.count + Self.digits(of: number)
                bytes[end] = Self.dot
                bytes.storeBytes(of: seal.low.littleEndian, toByteOffset: end + 1, as: UInt64.self)
                bytes.storeBytes(of: seal.high.littleEndian, toByteOffset: end + 9, as: UInt64.self)
                var rest = number
                repeat {
                    end -= 1
                    bytes[end] = UInt8(ascii: "0") + UInt8(truncatingIfNeeded: rest % 10)
                    rest /= 10
                } while rest > 0
                return stem.count + Self.digits(of: number) + 1 + NameSeal.length
            }
        }
    }

    private static func digits(of number: UInt64) -> Int {
        var (digits, bound) = (1, 10 as UInt64)
        while number >= bound, digits < Self.mostDigits {
            digits += 1
            bound = bound.multipliedReportingOverflow(by: 10).partialValue
        }
        return digits
    }

    /// The number of a name that was issued; `nil` of any other.
    package func number(of name: String) -> UInt64? {
        // A message to a group has thousands of names: here they are no more than bytes.
        var (stem, name) = (self.stem, name)
        return stem.withUTF8 { stem in name.withUTF8 { self.number(in: $0, behind: stem) } }
    }

    private func number(in name: UnsafeBufferPointer<UInt8>, behind stem: UnsafeBufferPointer<UInt8>) -> UInt64? {
        let dot = name.count - NameSeal.length - 1
        // At most 19 digits always fit.
        guard dot > stem.count, dot - stem.count <= 19, name[dot] == Self.dot, name[stem.count] != UInt8(ascii: "0"),
            let start = name.baseAddress, let stemStart = stem.baseAddress, memcmp(start, stemStart, stem.count) == 0
        else { return nil }
        var number: UInt64 = 0
        for index in stem.count..<dot {
            let digit = name[index]
            guard digit >= UInt8(ascii: "0"), digit <= UInt8(ascii: "9") else { return nil }
            number = number * 10 + UInt64(digit - UInt8(ascii: "0"))
        }
        let seal = self.seal.text(of: number)
        let bytes = UnsafeRawBufferPointer(name)
        let isSealed =
            UInt64(littleEndian: bytes.loadUnaligned(fromByteOffset: dot + 1, as: UInt64.self)) == seal.low
            && UInt64(littleEndian: bytes.loadUnaligned(fromByteOffset: dot + 9, as: UInt64.self)) == seal.high
        return isSealed ? number : nil
    }
}
