/// What a broker calls a message that it has given out and that is to be acknowledged (D9).
package struct DeliveryTag: Hashable, Sendable {
    /// Of a tag that this store has made; `nil` for any other, which stands for nothing here.
    package let number: UInt64?

    /// Bytes of a tag, at most.
    package static let mostBytes = 64

    package init(_ number: UInt64) { self.number = number }

    /// Reads 1 to 64 bytes of nchar; `nil` for anything else.
    package init?(_ word: Span<UInt8>) {
        guard (1...Self.mostBytes).contains(word.count) else { return nil }
        for index in 0..<word.count where !Name.isNameByte(word[index]) { return nil }
        self.number = Decimal.parse(word, upTo: .max).map(UInt64.init)
    }
}
