import DequeModule
package import SeawayHub

/// Connections whose places others may get: strangers, who have shown no token yet or said nothing, and those that
/// linger behind their `BYE` (M8). Who is there the longest goes first, of strangers one of the address that has the
/// most.
package struct Strangers {
    private struct Place {
        let id: PeerID
        let number: Int
    }

    /// By address, each in the order in which they came; those that have left stay until they would be the next.
    private var lines: [String: Deque<Place>] = [:]
    /// How many of each address are there.
    private var counts: [String: Int] = [:]
    private var known: [PeerID: (address: String, number: Int)] = [:]
    private var next = 0

    package init() {}

    package var count: Int { self.known.count }

    /// Takes one in that is not there.
    package mutating func insert(_ id: PeerID, from address: String) {
        self.next += 1
        self.known[id] = (address, self.next)
        self.counts[address, default: 0] += 1
        self.lines[address, default: []].append(Place(id: id, number: self.next))
    }

    /// It is none any more; one that is not there is passed over.
    package mutating func remove(_ id: PeerID) {
        guard let (address, _) = self.known.removeValue(forKey: id) else { return }
        let left = (self.counts[address] ?? 1) - 1
        self.counts[address] = left == 0 ? nil : left
        if left == 0 {
            self.lines[address] = nil
        } else if let line = self.lines[address], line.count > 64 + 2 * left {
            self.lines[address] = line.filter { self.known[$0.id]?.number == $0.number }
        }
    }

    /// Takes out the one that is to go.
    ///
    /// - Complexity: O(addresses).
    package mutating func removeNext() -> PeerID? {
        guard let address = self.counts.max(by: { ($0.value, $1.key) < ($1.value, $0.key) })?.key else { return nil }
        while let place = self.lines[address]?.popFirst() {
            guard self.known[place.id]?.number == place.number else { continue }
            self.remove(place.id)
            return place.id
        }
        return nil
    }
}
