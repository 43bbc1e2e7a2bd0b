/// How long work takes really, on this machine and of the kind that is done now: values only.
///
/// ``Work`` says what is as long as what; where that is wrong, or the machine slow, turns would be longer than they are
/// meant to be. So they are made as much shorter as the latest took longer.
package struct Pace {
    /// Shorter times say little, in nanoseconds.
    package static let least = 200_000
    /// In sixteenths of what ``Work`` says: never less, and at most so many times as long.
    private static let usual = 16
    private static let most = 10 * usual
    private var factor = Self.usual

    package init() {}

    /// So much work has taken so many nanoseconds: what takes longer counts at once, what takes less by and by.
    package mutating func note(_ work: Int, took nanoseconds: Int) {
        guard nanoseconds >= Self.least else { return }
        let found = min(Self.most, max(Self.usual, Self.usual * nanoseconds / max(1, work)))
        self.factor = found >= self.factor ? found : self.factor - (self.factor - found + 7) / 8
    }

    /// How much is done in so many nanoseconds.
    package func work(in nanoseconds: Int) -> Int { nanoseconds * Self.usual / self.factor }
}
