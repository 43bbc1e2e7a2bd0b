package import SeawayWire

/// Copies of what passes, for those who look on (section 4, TAIL and UNTAIL).
extension Hub {
    /// How many patterns there are.
    package var tails: Int { self.onlookers.count }

    /// Shows a connection a copy of whatever comes to channels that match: all patterns or none (Y4).
    package func tail(_ id: PeerID, _ patterns: [Pattern]) throws(WireRefusal) {
        let peer = self.peer(id)
        var new: [Pattern] = []
        for pattern in patterns where !peer.tails.contains(pattern) && !new.contains(pattern) { new.append(pattern) }
        try self.check(peer.names + new.count, .names)
        try self.check(self.tails + new.count, .tails)
        try self.checkShare(of: .tails, more: new.count, used: self.tails, most: self.configuration.maxTails)
        guard self.hasMemory(for: Cost.tails(new)) else { throw self.ledger.noMemory }
        self.onlookers.add(new, of: peer, self.ledger)
    }

    /// - Parameter patterns: those that are not tailed are passed over; `nil`: all.
    package func untail(_ id: PeerID, _ patterns: [Pattern]?) {
        self.endTails(of: self.peer(id)) { patterns?.contains($0) ?? true }
    }

    func endTails(of peer: Peer, where isOver: (Pattern) -> Bool = { _ in true }) {
        self.onlookers.end(of: peer, where: isOver, self.ledger)
    }

    /// Notes that a message has come to a channel, for those who tail it.
    func noteCopy(_ name: Name) {
        self.work += self.tails * (Work.look + name.bytes.count * Work.byte)
        self.onlookers.note(name)
    }

    /// Whether ``takeCopies()`` is to be asked.
    package var hasCopies: Bool { !self.onlookers.copies.isEmpty }

    /// Who is to be shown the latest message, and for which channels.
    package func takeCopies() -> [Copies] { self.onlookers.takeCopies() }
}
