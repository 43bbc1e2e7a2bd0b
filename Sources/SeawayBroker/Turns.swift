package import SeawayHub

/// Who works when, so that no turn of the loop grows long and nobody waits for what another asks (A6): values only.
///
/// A turn has room for so much work. Whoever comes while there is room works at once, as far as its share goes; the rest of
/// it waits, behind whoever has had nothing yet and behind those who came before. Who has taken more than its share in one
/// piece is passed over until the others have had as much.
package struct Turns {
    /// What one turn takes, roughly (``Work``), and the most that one connection does in it.
    package static let longest = 4_000_000
    /// What a connection may do at least when its turn comes.
    package static let leastShare = 100_000
    /// After so many who have had nothing one of those who have comes.
    private static let mostInRow = 3

    package init() {}

    private var fresh = Line()
    private var behind = Line()
    private var inRow = 0
    /// The work at which this turn is over.
    private var end = Self.longest

    /// A turn begins.
    package mutating func begin(at work: Int) { self.end = work + Self.longest }

    package func isOver(at work: Int) -> Bool { work >= self.end }

    /// How many wait.
    package var count: Int { self.fresh.count + self.behind.count }

    /// What one of them may do now: the fewer wait, the more, and no more than the turn has room for.
    package func share(at work: Int) -> Int {
        let waiting = self.count
        let even = waiting == 0 ? Self.longest : Self.longest / (waiting + 1)
        return max(Self.leastShare, min(even, self.end - work))
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

/// First in, first out.
private struct Line {
    private var ids: [PeerID] = []
    private var first = 0

    var count: Int { self.ids.count - self.first }

    mutating func append(_ id: PeerID) { self.ids.append(id) }

    mutating func popFirst() -> PeerID? {
        guard self.first < self.ids.count else { return nil }
        let id = self.ids[self.first]
        self.first += 1
        // What has left is let go of now and then, so that a line that never ends takes no more than its length.
        if self.first * 2 >= self.ids.count {
            self.ids.removeFirst(self.first)
            self.first = 0
        }
        return id
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
