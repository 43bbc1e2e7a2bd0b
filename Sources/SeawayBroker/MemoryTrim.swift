/// Says when so much of what was held is gone that the allocator is to give it back: values only.
///
/// It keeps what is freed for what comes next, which is right until there is far less. A little at a time takes no long
/// turn; where it takes long all the same, since what is free lies here and there, it is done the more rarely.
package struct MemoryTrim {
    /// It is not worth while for less, in bytes.
    package static let least = 8 << 20
    /// What is less than that goes back too when there was no other reason for so long, in milliseconds.
    package static let rest = 2_000
    private static let leastRest = 1 << 20
    private static let longestPause = 2_000
    private var peak = 0
    /// When it is done again at the earliest, and the rest of it.
    private var earliest = 0
    private var restAt = Self.rest

    package init() {}

    /// To be told now and then how many bytes are held.
    ///
    /// - Parameter now: milliseconds.
    /// - Returns: whether to give back now.
    package mutating func isDue(at held: Int, now: Int) -> Bool {
        self.peak = max(self.peak, held)
        guard now >= self.earliest else { return false }
        let gone = self.peak - held
        guard gone >= max(Self.least, self.peak / 16) || (gone >= Self.leastRest && now >= self.restAt) else {
            return false
        }
        self.peak = held
        self.restAt = now + Self.rest
        return true
    }

    /// It was done, and has taken so many microseconds: four milliseconds' pause for one, and much more where it is
    /// longer than a turn.
    package mutating func note(took microseconds: Int, now: Int) {
        let beyond = max(0, microseconds / 1_000 - 4)
        let pause = min(Self.longestPause, microseconds / 250 + 10 * beyond * beyond)
        self.earliest = now + pause
        self.restAt = max(self.restAt, now + 10 * pause)
    }
}
