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
        self.fill(at: now)
        guard self.left > 0 else { return false }
        self.left -= 1
        return true
    }

    /// Time that was not enough for one message counts for the next.
    private mutating func fill(at now: Moment) {
        let passed = (now - self.filledAt).wholeMilliseconds
        guard passed < 1_000 else {
            self.left = self.perSecond
            self.filledAt = now
            return
        }
        let gained = self.perSecond * Int(passed) / 1_000
        guard gained > 0 else { return }
        self.left = min(self.perSecond, self.left + gained)
        self.filledAt = self.filledAt + .milliseconds(gained * 1_000 / self.perSecond)
    }
}
