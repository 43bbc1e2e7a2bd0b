import Synchronization

/// Bytes that all loops of a server may hold between them.
///
/// A loop takes them in pieces (``BudgetShare``), so that loops seldom meet here.
package final class SharedBudget: Sendable {
    private let most: Atomic<Int>
    private let portion: Atomic<Int>
    private let loops: Int
    private let taken = Atomic<Int>(0)

    package init(limit: Int, loops: Int) {
        self.loops = max(1, loops)
        self.most = Atomic(limit)
        self.portion = Atomic(Self.portion(of: limit, self.loops))
    }

    /// What a loop takes at once, and may keep unused: in all loops a 32nd of the limit at most.
    fileprivate var piece: Int { self.portion.load(ordering: .relaxed) }

    private static func portion(of limit: Int, _ loops: Int) -> Int { min(1 << 20, limit / 64 / loops) }

    package var limit: Int { self.most.load(ordering: .relaxed) }

    /// From now on so many may be held; what is held already stays.
    package func limit(to bytes: Int) {
        self.most.store(bytes, ordering: .relaxed)
        self.portion.store(Self.portion(of: bytes, self.loops), ordering: .relaxed)
    }

    /// What no loop has; less than nothing where the limit is lower now than what they have.
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
