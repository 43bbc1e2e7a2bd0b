/// What the engine is still to be told, until it has heard it: told again while it is away, and answered for within the
/// patience of whoever waits. Times are milliseconds.
package struct Settling<Errand> {
    private struct Entry {
        let errand: Errand
        let answerBy: Int
        let dropAt: Int
        /// `nil`: it is under way.
        var tryAt: Int?
        var isAnswered = false
        /// An attempt was not answered: it may have been heard.
        var isDoubtful = false

        var next: Int { min(self.isAnswered ? self.dropAt : self.answerBy, self.tryAt ?? .max, self.dropAt) }
    }

    package struct Bounds: Hashable, Sendable {
        /// Within which whoever asked has an answer.
        package var patience = 2_000
        /// Between two attempts.
        package var pause = 250
        /// After which it is told no more: others have got the message long since.
        package var persistence = 120_000
        /// How many there may be.
        package var most = 100_000

        package init() {}
    }

    private var entries: [UInt64: Entry] = [:]
    private var last: UInt64 = 0
    /// Nothing is to be done before.
    private var earliest = Int.max
    private let bounds: Bounds

    package init(_ bounds: Bounds = Bounds()) { self.bounds = bounds }

    package var count: Int { self.entries.count }
    package var isEmpty: Bool { self.entries.isEmpty }

    /// - Returns: its number, to be tried now; `nil`: there are too many.
    package mutating func add(_ errand: Errand, at now: Int) -> UInt64? {
        guard self.entries.count < self.bounds.most else { return nil }
        self.last += 1
        let entry = Entry(
            errand: errand, answerBy: now + self.bounds.patience, dropAt: now + self.bounds.persistence, tryAt: nil)
        self.entries[self.last] = entry
        self.earliest = min(self.earliest, entry.next)
        return self.last
    }

    package func errand(_ number: UInt64) -> Errand? { self.entries[number]?.errand }

    /// An attempt has failed.
    ///
    /// - Parameter isDoubtful: whether it may have been heard all the same.
    package mutating func failed(_ number: UInt64, isDoubtful: Bool, at now: Int) {
        guard self.entries[number] != nil else { return }
        if isDoubtful { self.entries[number]?.isDoubtful = true }
        self.entries[number]?.tryAt = now + self.bounds.pause
        self.earliest = min(self.earliest, now + self.bounds.pause)
    }

    /// It is over.
    ///
    /// - Returns: what was asked, and whether whoever asked has an answer already; `nil` if it was over before.
    package mutating func end(_ number: UInt64) -> (errand: Errand, isAnswered: Bool)? {
        self.entries.removeValue(forKey: number).map { ($0.errand, $0.isAnswered) }
    }

    /// The same.
    ///
    /// - Returns: `nil` if whoever asked has an answer already.
    package mutating func finish(_ number: UInt64) -> Errand? {
        guard let (errand, isAnswered) = self.end(number), !isAnswered else { return nil }
        return errand
    }

    package struct Due {
        /// To be tried again.
        package var tries: [UInt64] = []
        /// Whoever asked has waited long enough; it goes on behind.
        package var overdue: [(errand: Errand, isDoubtful: Bool)] = []
        /// No more is tried.
        package var dropped: [Errand] = []
    }

    package mutating func timePassed(at now: Int) -> Due {
        var due = Due()
        guard now >= self.earliest else { return due }
        for number in self.entries.keys.sorted() {
            guard var entry = self.entries[number], entry.next <= now else { continue }
            if entry.answerBy <= now, !entry.isAnswered {
                entry.isAnswered = true
                due.overdue.append((entry.errand, entry.isDoubtful || entry.tryAt == nil))
            }
            if entry.dropAt <= now {
                self.entries[number] = nil
                due.dropped.append(entry.errand)
                continue
            }
            if let tryAt = entry.tryAt, tryAt <= now {
                entry.tryAt = nil
                due.tries.append(number)
            }
            self.entries[number] = entry
        }
        self.earliest = self.entries.values.lazy.map(\.next).min() ?? .max
        return due
    }
}
