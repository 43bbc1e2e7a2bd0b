/// How long to wait before the next attempt to connect: doubled each time, and shortened at random by up to a half.
package struct ClientBackoff: Sendable {
    private let first: Duration
    private let most: Duration
    private var attempts = 0

    package init(first: Duration, most: Duration) {
        self.first = first
        self.most = most
    }

    /// An attempt has led to something.
    package mutating func reset() { self.attempts = 0 }

    /// - Parameter jitter: 0 to 1: how much of the upper half is kept.
    package mutating func next(jitter: Double) -> Duration {
        let whole = min(self.first * (1 << min(self.attempts, 16)), self.most)
        self.attempts += 1
        return whole * (0.5 + jitter / 2)
    }
}
