/// How often something took how long, or was how large.
package struct Histogram: Hashable, Sendable {
    /// Of what takes from a millisecond to a minute, in seconds.
    package static let latency = [
        0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60,
    ]

    /// The largest value that each bucket counts, ascending; one more bucket has all that are larger.
    package let bounds: [Double]
    /// Of each bucket by itself.
    package private(set) var counts: [Int]
    /// Of all values, in the unit of the bounds.
    package private(set) var sum = 0.0

    package init(bounds: [Double] = Histogram.latency) {
        self.bounds = bounds
        self.counts = Array(repeating: 0, count: bounds.count + 1)
    }

    /// One that was counted elsewhere.
    ///
    /// - Parameter counts: of each bucket by itself, one more than there are bounds.
    package init(bounds: [Double], counts: [Int], sum: Double) {
        precondition(counts.count == bounds.count + 1, "a histogram has one bucket more than bounds")
        self.bounds = bounds
        self.counts = counts
        self.sum = sum
    }

    /// - Complexity: O(bounds).
    package mutating func observe(_ value: Double) {
        self.counts[self.bounds.firstIndex { value <= $0 } ?? self.bounds.count] += 1
        self.sum += value
    }

    /// How many values there were.
    package var count: Int { self.counts.reduce(0, +) }

    /// How many were within each bound; the last is ``count``.
    package var cumulative: [Int] {
        var sum = 0
        return self.counts.map { count in
            sum += count
            return sum
        }
    }

    /// Adds what another with the same bounds has counted.
    package mutating func add(_ other: Histogram) {
        for (index, count) in zip(self.counts.indices, other.counts) { self.counts[index] += count }
        self.sum += other.sum
    }
}
