/// Decides whether a client sends too many messages: so many a second on average, and as many at once.
package struct MessageRate: Hashable, Sendable {
    private let perSecond: Int
    private var left: Int
    private var filledAt: Moment

    /// - Parameter perSecond: 0 sets no limit.
    package init(perSecond: Int, now: Moment) {
        self.perSecond = perSecond
        self.left = perSecond
        self.filledAt = now
    }

    /// - Returns: whether there is room for one more message.
    package mutating func take(at now: Moment) -> Bool {
        guard self.perSecond > 0 else { return true }
        if now > self.filledAt {
            let passed = min((now - self.filledAt).wholeMilliseconds, 1_000)
            self.left = min(self.perSecond, self.left + self.perSecond * Int(passed) / 1_000)
            self.filledAt = now
        }
        guard self.left > 0 else { return false }
        self.left -= 1
        return true
    }
}
