import SeawayMessage

/// Decides what of that which passes one reader gets: what it does not take in time is dropped, and it is told how
/// much.
package struct TailFeed: Hashable, Sendable {
    package enum Step: Hashable, Sendable {
        /// To be written now.
        case write
        /// To be written now, behind the word that so many are missing.
        case tell(missing: Int)
        /// Not to be written.
        case drop
    }

    /// Copies that were dropped and not told of.
    package private(set) var missing = 0
    /// All that were dropped.
    package private(set) var dropped = 0

    package init() {}

    /// A copy comes, for so many channels.
    ///
    /// - Parameter isTaken: the reader has taken nearly all that was written.
    package mutating func came(_ count: Int, isTaken: Bool) -> Step {
        guard isTaken else {
            self.lost(count)
            return .drop
        }
        defer { self.missing = 0 }
        return self.missing > 0 ? .tell(missing: self.missing) : .write
    }

    /// Copies are missing that never came.
    package mutating func lost(_ count: Int) {
        self.missing += count
        self.dropped += count
    }

    /// The reader takes again.
    ///
    /// - Returns: how many it is to be told are missing; 0: nothing is to be said.
    package mutating func isTakenAgain() -> Int {
        defer { self.missing = 0 }
        return self.missing
    }
}
