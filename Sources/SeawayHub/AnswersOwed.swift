/// What answers may still come (X3), counted as it changes, so that a broker that leaves need not look through all
/// connections in each turn.
final class AnswersOwed {
    /// Pools with something of a normal channel in hand.
    var pools = 0
    /// On how many mailboxes each connection listens; those without are not in it.
    private(set) var mailboxes: [PeerID: Int] = [:]

    func listens(_ peer: PeerID) { self.mailboxes[peer, default: 0] += 1 }

    func listensNoMore(_ peer: PeerID) {
        guard let count = self.mailboxes[peer] else { return }
        self.mailboxes[peer] = count > 1 ? count - 1 : nil
    }
}

extension Hub {
    /// Whether answers may still come: somebody has in hand what was handed out of a normal channel, and somebody else
    /// listens on a mailbox, where answers go (X2).
    ///
    /// - Complexity: O(1), or O(names of one connection) when that alone listens on mailboxes.
    package var awaitsAnswers: Bool {
        guard self.owed.pools > 0, let first = self.owed.mailboxes.keys.first else { return false }
        // Of two who wait one is another than whoever owes.
        guard self.owed.mailboxes.count == 1 else { return true }
        return self.owed.pools > self.peer(first).owingPools
    }

    /// A connection's answers will go to other brokers once this one leaves.
    package func answersElsewhere(_ id: PeerID) { self.peer(id).answersElsewhere() }
}

extension Peer {
    fileprivate var owingPools: Int {
        let own = self.readers.lazy.filter { $0.pool !== self.pool && $0.pool.owes }.count
        return own + (self.pool.owes ? 1 : 0)
    }
}
