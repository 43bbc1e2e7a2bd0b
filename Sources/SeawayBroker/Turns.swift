package import SeawayHub

/// Who works when, so that no turn of the loop grows long and nobody waits for what another asks (A6): values only.
///
/// A turn has room for so much work. Whoever comes while there is room works at once, as far as its share goes; the
/// rest of it waits, behind whoever has had nothing yet and behind those who came before. Who has taken more than its
/// share in one piece is passed over until the others have had as much; who has done much lately comes behind all who
/// ask for little.
package struct Turns {
    /// What one turn takes, roughly (``Work``), and the most that one connection does in it: what is gathered in a turn
    /// leaves in one piece, so that a long one costs less in all.
    package static let longest = 4_000_000
    /// What one takes at least, however many wait: a longer one would keep others waiting and save nothing, since each
    /// of those who wait does only a little of it.
    package static let shortest = 1_000_000
    /// What a connection may do at least when its turn comes.
    package static let leastShare = 100_000
    /// From so much work in one turn on somebody is greedy, and what it does at most before those who are not are
    /// answered.
    package static let much = 400_000
    /// For so many turns.
    package static let memory = 8
    /// After so many who have had nothing one of those who have comes.
    private static let mostInRow = 3

    package init() {}

    private var fresh = Line<PeerID>()
    private var behind = Line<PeerID>()
    private var inRow = 0
    /// How much this turn takes, and the work at which it is over.
    package private(set) var length = Self.longest
    private var end = Self.longest
    /// Counts them.
    package private(set) var number = 0
    /// What work takes really.
    package var pace = Pace()

    /// A turn begins.
    ///
    /// - Parameter others: what waits besides connections.
    package mutating func begin(at work: Int, besides others: Int = 0) {
        self.number += 1
        self.length = self.pace.work(in: max(Self.shortest, Self.longest / max(1, self.count + others)))
        self.end = work + self.length
    }

    /// Those who wait get at least half a turn, whatever others have done in it.
    package mutating func goOn(at work: Int) { self.end = max(self.end, work + self.length / 2) }

    package func isOver(at work: Int) -> Bool { work >= self.end }

    /// The work at which one part of a turn ends that has a quarter of it for sure.
    package func end(ofPartAt work: Int) -> Int { max(self.end, work + self.length / 4) }

    /// Whether who asks for little need not wait though the turn is over.
    package func hasRest(at work: Int) -> Bool { work < self.end + self.length / 4 }

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
    /// Where it began, in which turn, and what it has done in that.
    private var began = 0
    private var turn = 0
    private var done = 0
    /// Until this turn it comes behind those who ask for little.
    private var greedyUntil = 0

    /// Whether it has done much lately.
    package func isGreedy(in turn: Int) -> Bool { turn < self.greedyUntil }

    /// Its turn comes.
    ///
    /// - Returns: whether it may work.
    package mutating func begin(at work: Int, share: Int) -> Bool {
        guard self.owed < share else {
            self.owed -= share
            return false
        }
        self.began = work
        self.limit = work + share - self.owed
        self.owed = 0
        return true
    }

    /// It has worked, and stops.
    package mutating func end(at work: Int, in turn: Int) {
        self.owed = max(0, work - self.limit)
        self.done = (turn == self.turn ? self.done : 0) + work - self.began
        self.turn = turn
        if self.done >= Turns.much { self.greedyUntil = turn + Turns.memory }
    }
}
