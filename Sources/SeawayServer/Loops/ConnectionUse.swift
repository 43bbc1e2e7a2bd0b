package import SeawayNIO

/// What a connection does for its client.
package enum ConnectionUse: Int, Hashable, Sendable, Comparable {
    /// Its client has not asked for anything yet.
    case unused
    /// All that it has asked for is answered.
    case idle
    /// The head of its next request has begun to come.
    case asking
    /// A request is under way, or something of an answer waits to be taken.
    case busy

    package static func < (one: Self, other: Self) -> Bool { one.rawValue < other.rawValue }
}

/// Decides which connections give way to others, where all places are taken (protocol/INTERFACE.md, I34).
package enum GivingWay {
    /// Those of which connections give way.
    package static let uses: [ConnectionUse] = [.unused, .idle, .asking]

    /// A connection that could give way.
    package struct Candidate<ID: Hashable & Sendable>: Hashable, Sendable {
        package var id: ID
        package var use: ConnectionUse
        /// The earlier it came, the lower.
        package var order: UInt64
        /// Whose it is; `nil` where that is nobody's in particular, as of a trusted proxy.
        package var address: IPAddress?

        package init(id: ID, use: ConnectionUse, order: UInt64, address: IPAddress?) {
            self.id = id
            self.use = use
            self.order = order
            self.address = address
        }
    }

    /// Those of the least use, in the order in which they give way: always the oldest of the address that has most of
    /// them left.
    ///
    /// - Parameter count: how many are wanted, at most.
    package static func order<ID>(_ candidates: [Candidate<ID>], atMost count: Int) -> [ID] {
        guard let least = candidates.map(\.use).min(), least < .busy else { return [] }
        var counts: [IPAddress: Int] = [:]
        // The newest of an address has 1, the one before 2: taken by these numbers from the highest on, they are taken
        // from whoever has most.
        let ranked = candidates.filter { $0.use == least }.sorted { $0.order > $1.order }.map { candidate in
            guard let address = candidate.address?.clientNetwork else { return (candidate, 1) }
            let rank = counts[address, default: 0] + 1
            counts[address] = rank
            return (candidate, rank)
        }
        return ranked.sorted { (-$0.1, $0.0.order) < (-$1.1, $1.0.order) }.prefix(count).map(\.0.id)
    }
}
