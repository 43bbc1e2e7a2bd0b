/// Draws numbers that name requests, traces and spans: any two differ, and nobody needs to be kept from guessing them.
///
/// xoshiro256**, begun with what the system calls random: a name costs no call of the system.
package struct NameSource: RandomNumberGenerator, Sendable {
    private var state: (UInt64, UInt64, UInt64, UInt64)

    package init() {
        var system = SystemRandomNumberGenerator()
        self.init(seed: (system.next(), system.next(), system.next(), system.next() | 1))
    }

    /// - Parameter seed: not all zero.
    package init(seed: (UInt64, UInt64, UInt64, UInt64)) { self.state = seed }

    package mutating func next() -> UInt64 {
        let product = self.state.1 &* 5
        let result = (product << 7 | product >> 57) &* 9
        let shifted = self.state.1 << 17
        self.state.2 ^= self.state.0
        self.state.3 ^= self.state.1
        self.state.1 ^= self.state.2
        self.state.0 ^= self.state.3
        self.state.2 ^= shifted
        self.state.3 = self.state.3 << 45 | self.state.3 >> 19
        return result
    }

    /// Not 0.
    package mutating func nextNonzero() -> UInt64 {
        let number = self.next()
        return number == 0 ? 1 : number
    }

    /// 32 hexadecimal digits.
    package mutating func name() -> String { Hexadecimal.text(self.next(), self.next()) }
}
