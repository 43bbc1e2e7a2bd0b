package import SeawayWire

/// Those who look on, and copies of the latest message for them (section 4, TAIL and UNTAIL).
final class Tails {
    /// Connections that are shown copies.
    private var peers: [Peer] = []
    /// How many patterns they have in all.
    private(set) var count = 0
    /// Of the latest message.
    private(set) var copies: [Hub.Copies] = []

    /// Nobody looks on.
    @inline(__always)
    var isEmpty: Bool { self.peers.isEmpty }

    /// - Parameter patterns: which the connection does not have yet.
    func add(_ patterns: [Pattern], of peer: Peer, _ ledger: Ledger) {
        guard !patterns.isEmpty else { return }
        if peer.tails.isEmpty { self.peers.append(peer) }
        peer.tails += patterns
        self.count += patterns.count
        ledger.pay(Cost.tails(patterns), by: peer.payer)
        ledger.payers.charge(peer.payer, patterns.count, .tails)
    }

    func end(of peer: Peer, where isOver: (Pattern) -> Bool, _ ledger: Ledger) {
        guard !peer.tails.isEmpty else { return }
        let over = peer.tails.filter(isOver)
        peer.tails.removeAll(where: isOver)
        self.count -= over.count
        ledger.pay(-Cost.tails(over), by: peer.payer)
        ledger.payers.charge(peer.payer, -over.count, .tails)
        if peer.tails.isEmpty { self.peers.removeAll { $0 === peer } }
    }

    /// A message has come to a channel.
    func note(_ name: Name) {
        for peer in self.peers where peer.tails.contains(where: { $0.matches(name) }) {
            if let place = peer.copies {
                self.copies[place].names.append(name)
            } else {
                peer.copies = self.copies.count
                self.copies.append(Hub.Copies(peer: peer.id, names: [name]))
            }
        }
    }

    func takeCopies() -> [Hub.Copies] {
        defer { self.copies.removeAll(keepingCapacity: true) }
        for peer in self.peers { peer.copies = nil }
        return self.copies
    }
}

extension Hub {
    /// Which channels of one message a connection is shown.
    package struct Copies: Hashable, Sendable {
        package let peer: PeerID
        package fileprivate(set) var names: [Name]
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
    static func tails(_ patterns: [Pattern]) -> Int { patterns.reduce(0) { $0 + 96 + $1.size } }
}
