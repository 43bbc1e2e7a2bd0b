/// Some of a client's brokers, each known by its place in the list that the client was given.
package struct ShardSet: Hashable, Sendable, Sequence {
    /// Brokers that a client may have.
    package static let most = 64

    private var bits: UInt64 = 0

    package init() {}

    package init(_ brokers: some Sequence<Int>) {
        for broker in brokers { self.insert(broker) }
    }

    package var isEmpty: Bool { self.bits == 0 }
    package var count: Int { self.bits.nonzeroBitCount }

    package func contains(_ broker: Int) -> Bool { self.bits & (1 << UInt64(broker)) != 0 }

    package mutating func insert(_ broker: Int) { self.bits |= 1 << UInt64(broker) }

    package mutating func remove(_ broker: Int) { self.bits &= ~(1 << UInt64(broker)) }

    package func subtracting(_ other: ShardSet) -> ShardSet {
        var rest = self
        rest.bits &= ~other.bits
        return rest
    }

    package func intersection(_ other: ShardSet) -> ShardSet {
        var common = self
        common.bits &= other.bits
        return common
    }

    package struct Iterator: IteratorProtocol {
        fileprivate var bits: UInt64

        package mutating func next() -> Int? {
            guard self.bits != 0 else { return nil }
            defer { self.bits &= self.bits - 1 }
            return self.bits.trailingZeroBitCount
        }
    }

    package func makeIterator() -> Iterator { Iterator(bits: self.bits) }
}
