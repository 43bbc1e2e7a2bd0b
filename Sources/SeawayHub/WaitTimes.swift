/// How long messages waited in queues before somebody got them.
package struct WaitTimes: Hashable, Sendable {
    /// The longest time that each bucket counts, in milliseconds; one more has all that waited longer.
    package static let bounds = [1, 2, 5, 10, 25, 50, 100, 250, 500, 1_000, 2_500, 5_000, 10_000, 30_000, 60_000]

    /// Of each bucket by itself.
    package private(set) var counts = Array(repeating: 0, count: Self.bounds.count + 1)
    /// All times in milliseconds.
    package private(set) var sum = 0

    package init() {}

    /// A message that has waited is handed out: by the clock that was read when the turn began.
    @inline(__always)
    mutating func note(_ milliseconds: Int) {
        self.counts[Self.bucket(milliseconds)] &+= 1
        self.sum &+= milliseconds
    }

    @inline(__always)
    private static func bucket(_ milliseconds: Int) -> Int {
        // Most wait for less than a turn.
        milliseconds <= 1 ? 0 : self.bounds.firstIndex { milliseconds <= $0 } ?? self.bounds.count
    }
}
