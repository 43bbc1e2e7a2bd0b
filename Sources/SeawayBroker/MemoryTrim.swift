/// Says when so much of what was held is gone that the allocator is to give it back: values only.
///
/// It keeps what is freed for what comes next, which is right until there is far less; and giving back a little at a
/// time takes no long turn.
package struct MemoryTrim {
    /// It is not worth while for less.
    package static let least = 8 << 20
    private var peak = 0

    package init() {}

    /// To be told now and then how many bytes are held.
    ///
    /// - Returns: whether to give back now: a quarter of the most that was held since the last time is gone.
    package mutating func isDue(at held: Int) -> Bool {
        self.peak = max(self.peak, held)
        guard self.peak - held >= max(Self.least, self.peak / 4) else { return false }
        self.peak = held
        return true
    }
}
