/// Makes of a number what nobody else can guess: 16 bytes of `A–Z a–z 0–9 - _`, 96 bits (protocol/INTERFACE.md, I1).
///
/// By a key of 128 bits from the system's generator: SipHash-2-4 with 128 bits of output (Aumasson, Bernstein 2012), a
/// function for just that, of which 96 bits are used. So a name that was issued is known again for as long as the
/// server lives, and nothing is kept for it.
package struct NameSeal: Sendable {
    /// The bytes of a seal, the first lowest.
    package struct Text: Hashable, Sendable {
        package let low: UInt64
        package let high: UInt64
    }

    /// Bytes of each.
    package static let length = 16

    private let key: (UInt64, UInt64)

    /// - Parameter key: of a test; others leave it to the system's generator.
    package init(key: (UInt64, UInt64)? = nil) {
        var generator = SystemRandomNumberGenerator()
        self.key = key ?? (generator.next(), generator.next())
    }

    package func text(of number: UInt64) -> Text {
        let (first, second) = self.hash(number)
        // 12 bytes, the first highest, in two halves of 48 bits.
        let (high, low) = (first.byteSwapped, second.byteSwapped)
        return Text(low: Self.letters(high >> 16), high: Self.letters((high & 0xFFFF) << 32 | low >> 32))
    }

    /// 48 bits in base64url (RFC 4648, section 5), all eight letters at once, the first lowest.
    @inline(__always)
    private static func letters(_ bits: UInt64) -> UInt64 {
        // 24 bits in each half, 12 in each quarter, 6 in each byte; what was higher is lower now.
        var six = bits >> 24 | (bits & 0xFF_FFFF) << 32
        six = six >> 12 & 0x0000_0FFF_0000_0FFF | (six & 0x0000_0FFF_0000_0FFF) << 16
        six = six >> 6 & 0x003F_003F_003F_003F | (six & 0x003F_003F_003F_003F) << 8
        // From A on, from a on, from 0 on, and the last two: no byte carries into another.
        let (letter, digit) = (six.bytes(from: 26), six.bytes(from: 52))
        let (minus, underscore) = (six.bytes(from: 62), six.bytes(from: 63))
        let raised = six &+ UInt64.each(65) &+ letter &* 6 &+ underscore &* 49
        return raised &- digit &* 75 &- minus &* 13
    }

    // MARK: SipHash

    /// Of the number's 8 bytes, the lowest first.
    @inline(__always)
    private func hash(_ number: UInt64) -> (UInt64, UInt64) {
        var state = State(
            a: self.key.0 ^ 0x736F_6D65_7073_6575, b: self.key.1 ^ 0x646F_7261_6E64_6F6D ^ 0xEE,
            c: self.key.0 ^ 0x6C79_6765_6E65_7261, d: self.key.1 ^ 0x7465_6462_7974_6573)
        state.take(number)
        // The length, and no bytes left over.
        state.take(8 << 56)
        state.c ^= 0xEE
        state.mix(4)
        let first = state.all
        state.b ^= 0xDD
        state.mix(4)
        return (first, state.all)
    }

    private struct State {
        var a: UInt64
        var b: UInt64
        var c: UInt64
        var d: UInt64

        var all: UInt64 { self.a ^ self.b ^ self.c ^ self.d }

        @inline(__always)
        mutating func take(_ word: UInt64) {
            self.d ^= word
            self.mix(2)
            self.a ^= word
        }

        @inline(__always)
        mutating func mix(_ rounds: Int) {
            for _ in 0..<rounds {
                self.a &+= self.b
                self.c &+= self.d
                self.b = self.b.turned(by: 13) ^ self.a
                self.d = self.d.turned(by: 16) ^ self.c
                self.a = self.a.turned(by: 32)
                self.a &+= self.d
                self.c &+= self.b
                self.d = self.d.turned(by: 21) ^ self.a
                self.b = self.b.turned(by: 17) ^ self.c
                self.c = self.c.turned(by: 32)
            }
        }
    }
}

extension UInt64 {
    @inline(__always)
    fileprivate static func each(_ byte: UInt64) -> UInt64 { 0x0101_0101_0101_0101 &* byte }

    /// 1 in each byte that is at least so much, 0 in the others; all are below 64.
    @inline(__always)
    fileprivate func bytes(from least: UInt64) -> UInt64 { (self &+ Self.each(128 &- least)) >> 7 & Self.each(1) }

    @inline(__always)
    fileprivate func turned(by bits: UInt64) -> UInt64 { self &<< bits | self &>> (64 &- bits) }
}
