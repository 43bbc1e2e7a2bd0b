import DequeModule

/// Says when nothing is to be expected any more of what went by a connection that was lost: when the failover time has
/// passed since the broker was heard on it (B21).
package struct LostConnections: Sendable {
    private let failover: Int
    private var lost: Deque<(connection: Int, due: Int)> = []

    /// - Parameter failover: milliseconds.
    package init(failover: Int) { self.failover = failover }

    /// - Parameter heardAt: the last sign of life on it.
    package mutating func add(_ connection: Int, heardAt: Int) {
        self.lost.append((connection, heardAt + self.failover))
    }

    /// The next connection whose time has passed, oldest first; to be asked until there is none.
    package mutating func popOverdue(at now: Int) -> Int? {
        guard let first = self.lost.first, first.due <= now else { return nil }
        return self.lost.removeFirst().connection
    }
}
