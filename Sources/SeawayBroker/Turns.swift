package import SeawayHub

/// Who works when, so that no turn of the loop grows long and nobody waits for what another asks (A6): values only.
///
/// A turn has room for so much work. Whoever comes while there is room works at once, as far as its share goes; the
/// rest of it waits, behind whoever has had nothing yet and behind those who came before. Who has taken more than its
/// share in one piece is passed over until the others have had as much.
package struct Turns {
    /// What one turn takes, roughly (``Work``), and the most that one connection does in it: what is gathered in a turn
    /// leaves in one piece, so that a long one costs less in all.
    package static let longest = 4_000_000
    /// What one takes at least, however many wait: a longer one would keep others waiting and save nothing, since each
    /// of those who wait does only a little of it.
    package static let shortest = 1_000_000
    /// What a connection may do at least when its turn comes.
    package static let leastShare = 100_000
    /// After so many who have had nothing one of those who have comes.
    private static let mostInRow = 3

    package init() {}

    private var fresh = Line<PeerID>()
    private var behind = Line<PeerID>()
    private var inRow = 0
    /// How much this turn takes, and the work at which it is over.
    package private(set) var length = Self.longest
    private var end = Self.longest

    /// A turn begins.
    ///
    /// - Parameter others: what waits besides connections.
    package mutating func begin(at work: Int, besides others: Int = 0) {
        self.length = max(Self.shortest, Self.longest / max(1, self.count + others))
        self.end = work + self.length
    }

    package func isOver(at work: Int) -> Bool { work >= self.end }

    /// How many wait.
    package var count: Int { self.fresh.count + self.behind.count }

    /// What one of them may do now: the fewer wait, the more, and no more than the turn has room for.
    package func share(at work: Int) -> Int {
        let waiting = self.count
        return max(Self.leastShare, min(self.length / (waiting + 1), self.end - work))
    }

    /// Has one wait.
    ///
    /// - Parameter hasWorked: it has had its share already.
    package mutating func putOff(_ id: PeerID, hasWorked: Bool) {
        if hasWorked { self.behind.append(id) } else { self.fresh.append(id) }
    }

    /// Whose turn it is.
    package mutating func next() -> PeerID? {
        if self.inRow < Self.mostInRow || self.behind.count == 0, let id = self.fresh.popFirst() {
            self.inRow += 1
            return id
        }
        self.inRow = 0
        return self.behind.popFirst() ?? self.fresh.popFirst()
    }
}

/// How far one connection may work in its turn.
package struct Quota {
    package init() {}

    /// The work at which it stops.
    package private(set) var limit = 0
    /// What it has done beyond its share, which the others get first.
    package private(set) var owed = 0

    /// Its turn comes.
    ///
    /// - Returns: whether it may work.
    package mutating func begin(at work: Int, share: Int) -> Bool {
        guard self.owed < share else {
            self.owed -= share
            return false
        }
        self.limit = work + share - self.owed
        self.owed = 0
        return true
    }

    /// It has worked, and stops.
    package mutating func end(at work: Int) { self.owed = max(0, work - self.limit) }
}
