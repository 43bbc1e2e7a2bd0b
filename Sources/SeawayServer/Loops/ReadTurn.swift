/// Whether a connection may read on at once: behind much that it has read, others have their turns first (I37).
struct ReadTurn {
    /// Bytes of a read from which on the next one waits for its turn.
    static let muchInput = 8_192

    /// Bytes that came since the last turn.
    private var read = 0
    private var isPutOff = false

    mutating func noteRead(_ bytes: Int) { self.read += bytes }

    /// Whether more may be read now; otherwise the turn for that comes (``comes()``).
    mutating func isNow(for taker: any TurnTaker, in reads: LoopTurns) -> Bool {
        guard !self.isPutOff else { return false }
        guard self.read >= Self.muchInput else { return true }
        self.read = 0
        self.isPutOff = !reads.ask(taker)
        return !self.isPutOff
    }

    mutating func comes() { self.isPutOff = false }
}
