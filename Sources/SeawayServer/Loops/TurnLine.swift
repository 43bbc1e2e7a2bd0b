import NIOCore

/// Who goes on in this turn of an event loop, and who waits for one of those to come (protocol/INTERFACE.md, I37).
///
/// Who does little never stands here. Who has more to do stands in line behind all others of that kind, for a part of
/// it at a time: so each of them costs the same, and nobody's turn is long in coming.
package struct TurnLine<Member> {
    private var line = CircularBuffer<Member>(initialCapacity: 0)
    /// Done in this turn.
    private var done = 0
    /// What may be done in a turn, in units of work.
    private let budget: Int

    /// - Parameter budget: above 0.
    package init(budget: Int) { self.budget = budget }

    package var isEmpty: Bool { self.line.isEmpty }

    /// Whether there is time for somebody who has come just now.
    package var hasRoom: Bool { self.line.isEmpty && self.done < self.budget }

    /// - Returns: whether it is the first work of this turn, whose end must be told then.
    package mutating func did(_ work: Int) -> Bool {
        defer { self.done += work }
        return self.done == 0
    }

    package mutating func append(_ member: Member) { self.line.append(member) }

    /// Another turn begins.
    package mutating func begin() { self.done = 0 }

    /// Whose turn it is, while there is time in this one.
    ///
    /// - Parameter work: that it will do.
    package mutating func next(_ work: Int) -> Member? {
        guard self.done < self.budget, let member = self.line.popFirst() else { return nil }
        self.done += work
        return member
    }
}
