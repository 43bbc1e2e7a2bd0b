/// Which of several brokers a send goes to (SHARDING.md, B3 to B10, B18 and B19).
///
/// Brokers are known by their places in the client's list, from 0; times are milliseconds that never go back.
package struct ShardMap: Sendable {
    /// What is sent to.
    package enum Target: Hashable, Sendable {
        case channel(String)
        case group(String)
    }

    private struct Live {
        let identity: String
        /// Of the identity.
        let hash: UInt64
        /// Its connection, of all that there have been.
        let connection: Int
        let warmUntil: Int
        var isLeaving = false
    }

    private struct Stay {
        let broker: Int
        /// When that has ended, the place is given up.
        let connection: Int
        let lastSend: Int
    }

    /// Milliseconds after its last send for which a reply or pinned channel stays where it is (B9).
    private static let stay = 60_000
    /// Channels whose place is surely not forgotten before that.
    private static let mostStaying = 8_192

    private let failover: Int
    private let began: Int
    private var live: [Live?]
    private var connections = 0
    private var lost = ShardSet()
    /// Where channels are, by the hashes of their names: two of one hash share a place, which does no harm.
    private var staying: [UInt64: Stay] = [:]
    /// Those used before the newest ``mostStaying``.
    private var stayingBefore: [UInt64: Stay] = [:]
    private var turn: Int

    /// - Parameters:
    ///   - count: brokers, at most ``ShardSet/most``.
    ///   - turn: which of them gets the first message of normal channels; to differ among clients.
    package init(count: Int, failover: Int, now: Int, turn: Int = 0) {
        self.failover = failover
        self.began = now
        self.live = Array(repeating: nil, count: count)
        self.turn = turn
    }
}

// MARK: What happens to brokers
extension ShardMap {
    /// A broker has answered `HELLO`.
    ///
    /// - Parameter warm: what it has told of that, in milliseconds.
    /// - Returns: false when another that is live has the same identity (B2); then it is not taken.
    package mutating func up(_ broker: Int, identity: String, warm: Int, now: Int) -> Bool {
        guard !self.live.contains(where: { $0?.identity == identity }) else { return false }
        let isLate = self.lost.contains(broker) || now > self.began + self.failover
        let warm = isLate ? max(warm, self.failover) : warm
        self.connections += 1
        self.live[broker] = Live(
            identity: identity, hash: Rendezvous.hash(identity), connection: self.connections,
            warmUntil: now + min(warm, 3_600_000))
        return true
    }

    /// It has said `BYE shutdown` (B12).
    package mutating func leaving(_ broker: Int) { self.live[broker]?.isLeaving = true }

    /// Its connection has ended.
    package mutating func down(_ broker: Int) {
        guard self.live[broker] != nil else { return }
        self.live[broker] = nil
        self.lost.insert(broker)
    }

    package func isLive(_ broker: Int) -> Bool { self.live[broker] != nil }

    package var allLive: ShardSet { ShardSet(self.live.indices.lazy.filter { self.live[$0] != nil }) }
}

// MARK: Where a send goes
extension ShardMap {
    /// - Parameters:
    ///   - stream: a reply channel, if it belongs to a stream: it goes where a send to that would go (B7).
    ///   - without: those that have refused it already (B10).
    /// - Returns: nil when there is none.
    package mutating func choose(
        for target: Target, stream: String? = nil, without: ShardSet = ShardSet(), now: Int
    ) -> Int? {
        let usable = self.usable(without: without, now: now)
        switch target {
        case .group(let name): return self.first(of: usable, Rendezvous.Hashes(name).key)
        case .channel(let name):
            let hashes = Rendezvous.Hashes(stream ?? name)
            guard hashes.isStream else { return self.next(of: usable) }
            return self.place(of: hashes, usable, without: without, now: now)
        }
    }

    /// The fit ones; when there is none, the live ones that are not leaving (B6).
    private func usable(without: ShardSet, now: Int) -> ShardSet {
        var fit = ShardSet()
        var warming = ShardSet()
        for broker in self.live.indices where !without.contains(broker) {
            guard let live = self.live[broker], !live.isLeaving else { continue }
            if live.warmUntil <= now { fit.insert(broker) } else { warming.insert(broker) }
        }
        return fit.isEmpty ? warming : fit
    }

    private mutating func next(of usable: ShardSet) -> Int? {
        guard !usable.isEmpty else { return nil }
        self.turn = (self.turn + 1) & 0xFFFF_FFFF
        return usable.dropFirst(self.turn % usable.count).first { _ in true }
    }

    private func first(of usable: ShardSet, _ key: UInt64) -> Int? {
        var first: (broker: Int, identity: String, score: UInt64)?
        for broker in usable {
            guard let live = self.live[broker] else { continue }
            let score = Rendezvous.score(key: key, identity: live.hash)
            if let first, (first.score, live.identity) >= (score, first.identity) { continue }
            first = (broker, live.identity, score)
        }
        return first?.broker
    }

    private mutating func place(
        of channel: Rendezvous.Hashes, _ usable: ShardSet, without: ShardSet, now: Int
    ) -> Int? {
        let stay = (self.staying[channel.name] ?? self.stayingBefore[channel.name]).flatMap { stay in
            without.contains(stay.broker) || now >= stay.lastSend + Self.stay || !self.holds(stay) ? nil : stay.broker
        }
        guard let broker = stay ?? self.first(of: usable, channel.key), let live = self.live[broker] else { return nil }
        self.staying[channel.name] = Stay(broker: broker, connection: live.connection, lastSend: now)
        if self.staying.count >= Self.mostStaying {
            self.stayingBefore = self.staying
            self.staying = [:]
        }
        return broker
    }

    /// Whether the broker has been live ever since, and goes on being.
    private func holds(_ stay: Stay) -> Bool {
        guard let live = self.live[stay.broker] else { return false }
        return live.connection == stay.connection && !live.isLeaving
    }
}
