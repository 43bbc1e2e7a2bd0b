import Synchronization

/// Bytes that all loops of a server may hold between them.
///
/// A loop takes them in pieces (``BudgetShare``), so that loops seldom meet here.
package final class SharedBudget: Sendable {
    fileprivate let limit: Int
    /// What a loop takes at once, and may keep unused: in all loops a 32nd of the limit at most.
    fileprivate let piece: Int
    private let taken = Atomic<Int>(0)

    package init(limit: Int, loops: Int) {
        self.limit = limit
        self.piece = min(1 << 20, limit / 64 / max(1, loops))
    }

    /// What no loop has.
    fileprivate var left: Int { self.limit - self.taken.load(ordering: .relaxed) }

    /// - Returns: what was taken: a piece or what is needed, whichever is more; what is needed, where that does not
    ///   fit; or nothing.
    fileprivate func take(atLeast needed: Int) -> Int {
        for count in [max(needed, self.piece), needed] {
            guard self.taken.wrappingAdd(count, ordering: .relaxed).newValue > self.limit else { return count }
            self.giveBack(count)
        }
        return 0
    }

    fileprivate func giveBack(_ count: Int) { self.taken.wrappingSubtract(count, ordering: .relaxed) }
}

/// One loop's share of a ``SharedBudget``.
package struct BudgetShare {
    private let budget: SharedBudget
    package private(set) var used = 0
    private var taken = 0

    package init(_ budget: SharedBudget) { self.budget = budget }

    /// Whether more is used than there is.
    package var isOver: Bool { self.used > self.taken }

    /// What could be used yet: of what this loop has taken, and of what nobody has.
    package var left: Int { self.budget.left + self.taken - self.used }

    /// Uses so many more bytes, or fewer; where there is no room for them the share is over until they are given back.
    package mutating func change(by bytes: Int) {
        self.used += bytes
        if self.used > self.taken {
            self.taken += self.budget.take(atLeast: self.used - self.taken)
        } else if self.taken - self.used > 2 * self.budget.piece {
            let count = self.taken - self.used - self.budget.piece
            self.taken -= count
            self.budget.giveBack(count)
        }
    }
}
