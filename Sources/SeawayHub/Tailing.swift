package import SeawayWire

/// Copies of what passes, for those who look on (section 4, TAIL and UNTAIL).
extension Hub {
    /// Which channels of one message a connection is shown.
    package struct Copies: Hashable, Sendable {
        package let peer: PeerID
        package fileprivate(set) var names: [Name]
    }

    /// Shows a connection a copy of whatever comes to channels that match: all patterns or none (Y4).
    package func tail(_ id: PeerID, _ patterns: [Pattern]) throws(WireRefusal) {
        let peer = self.peer(id)
        var new: [Pattern] = []
        for pattern in patterns where !peer.tails.contains(pattern) && !new.contains(pattern) { new.append(pattern) }
        try self.check(peer.names + new.count, .names)
        try self.check(self.tails + new.count, .tails)
        try self.checkShare(of: .tails, more: new.count, used: self.tails, most: self.configuration.maxTails)
        let cost = new.reduce(0) { $0 + Cost.tail($1) }
        guard self.hasMemory(for: cost) else { throw self.noMemory }
        if peer.tails.isEmpty, !new.isEmpty { self.tailing.append(peer) }
        peer.tails += new
        self.tails += new.count
        self.pay(cost, by: peer.payer)
        self.payers.charge(peer.payer, new.count, .tails)
    }

    /// - Parameter patterns: those that are not tailed are passed over; `nil`: all.
    package func untail(_ id: PeerID, _ patterns: [Pattern]?) {
        let peer = self.peer(id)
        self.endTails(of: peer) { patterns?.contains($0) ?? true }
    }

    func endTails(of peer: Peer, where isOver: (Pattern) -> Bool = { _ in true }) {
        guard !peer.tails.isEmpty else { return }
        let over = peer.tails.filter(isOver)
        peer.tails.removeAll(where: isOver)
        self.tails -= over.count
        self.pay(-over.reduce(0) { $0 + Cost.tail($1) }, by: peer.payer)
        self.payers.charge(peer.payer, -over.count, .tails)
        if peer.tails.isEmpty { self.tailing.removeAll { $0 === peer } }
    }

    /// Notes that a message has come to a channel, for those who tail it.
    func noteCopy(_ name: Name) {
        self.work += self.tails * (Work.look + name.bytes.count * Work.byte)
        for peer in self.tailing where peer.tails.contains(where: { $0.matches(name) }) {
            if let place = peer.copies {
                self.copies[place].names.append(name)
            } else {
                peer.copies = self.copies.count
                self.copies.append(Copies(peer: peer.id, names: [name]))
            }
        }
    }

    /// Whether ``takeCopies()`` is to be asked.
    package var hasCopies: Bool { !self.copies.isEmpty }

    /// Who is to be shown the latest message, and for which channels.
    package func takeCopies() -> [Copies] {
        defer { self.copies.removeAll(keepingCapacity: true) }
        for peer in self.tailing { peer.copies = nil }
        return self.copies
    }
}

extension Hub.Copies {
    /// The names, as many at a time as the line of a `COPY` has room for (F3).
    package func lines(group: Name?) -> [ArraySlice<Name>] {
        var lines: [ArraySlice<Name>] = []
        var start = 0
        var room = 0
        for (index, name) in self.names.enumerated() {
            let length = name.bytes.count + 1
            if room < length {
                if index > start { lines.append(self.names[start..<index]) }
                start = index
                // The verb is one letter longer than that of a MSG.
                room = GroupLine.room(group: group) - 1
            }
            room -= length
        }
        return lines + [self.names[start...]]
    }
}

extension Cost {
    static func tail(_ pattern: Pattern) -> Int { 96 + pattern.size }
}
