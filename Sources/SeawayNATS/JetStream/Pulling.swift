/// Decides when messages are pulled, and how many: as many as there is credit for, and one pull at a time.
///
/// A pull cannot be withdrawn, so each is short; it is asked for again when it has ended, when its leader is another,
/// and when it has been silent for two heartbeats. Times are milliseconds.
package struct Pulling: Hashable, Sendable {
    package struct Bounds: Hashable, Sendable {
        /// Messages of one pull.
        package var batch = 256
        /// How long one waits at the server.
        package var expires = 10_000
        /// How often a pull that brings nothing is to give a sign of life: after two that are missing it is made anew,
        /// which is to be before the servers have elected another leader in place of one that was killed.
        package var heartbeat = 2_000
        /// The same of a pull while nothing has been heard of any since there is a connection, or since one was silent:
        /// whoever is to answer may not know yet that somebody listens here, or may not be elected yet, and then drops
        /// it without a word.
        package var firstExpires = 1_000
        package var firstHeartbeat = 250
        /// How long nothing is asked after something went wrong.
        package var pause = 250

        package init() {}
    }

    package enum Action: Hashable, Sendable {
        case nothing
        case pull(number: UInt64, batch: Int)
        /// The consumer is no more; nothing will come.
        case gone
    }

    private enum State: Hashable, Sendable {
        case idle
        /// A pull is at the server: what of it has not come, and when it was heard of last.
        case asked(left: Int, heardAt: Int, until: Int)
        case pausing(until: Int)
        case gone
    }

    private let bounds: Bounds
    private var state = State.idle
    private var credit = 0
    /// Something has been heard of a pull on this connection, and of the latest one.
    private var isHeard = false
    /// The pull that was made last.
    private var number: UInt64 = 0
    /// Pulls that were given up since they were silent.
    package private(set) var silences = 0

    package init(bounds: Bounds = Bounds()) { self.bounds = bounds }

    private var expires: Int { self.isHeard ? self.bounds.expires : self.bounds.firstExpires }
    private var heartbeat: Int { self.isHeard ? self.bounds.heartbeat : self.bounds.firstHeartbeat }

    /// What is said with a pull.
    package func payload(batch: Int) -> [UInt8] {
        let (expires, heartbeat) = (self.expires &* 1_000_000, self.heartbeat &* 1_000_000)
        return Array("{\"batch\":\(batch),\"expires\":\(expires),\"idle_heartbeat\":\(heartbeat)}".utf8)
    }

    package static func subject(stream: String, consumer: String) -> String {
        "$JS.API.CONSUMER.MSG.NEXT.\(stream).\(consumer)"
    }

    /// Who takes messages has credit for so many more, those on their way not among them.
    package mutating func credit(_ credit: Int, at now: Int) -> Action {
        self.credit = max(0, credit)
        if case .idle = self.state { return self.pull(at: now) }
        return .nothing
    }

    /// A message has come.
    ///
    /// - Returns: what is to be asked, and whether there was credit for it: one that comes beyond it, of a pull that
    ///   was given up, is held or given back.
    package mutating func delivered(at now: Int) -> (Action, isWanted: Bool) {
        self.isHeard = true
        let isWanted = self.credit > 0
        self.credit = max(0, self.credit - 1)
        guard case .asked(let left, _, let until) = self.state else { return (.nothing, isWanted) }
        guard left > 1 else {
            self.state = .idle
            return (self.pull(at: now), isWanted)
        }
        self.state = .asked(left: left - 1, heardAt: now, until: until)
        return (.nothing, isWanted)
    }

    /// - Parameter pull: whose status it is; that of an earlier one changes nothing.
    package mutating func heard(_ status: PullStatus, of pull: UInt64, at now: Int) -> Action {
        guard pull == self.number, case .asked(let left, _, let until) = self.state else { return .nothing }
        self.isHeard = true
        switch status {
        case .heartbeat: self.state = .asked(left: left, heardAt: now, until: until)
        case .ended:
            self.state = .idle
            return self.pull(at: now)
        case .leaderChanged, .tooMany, .noResponders, .refused: self.state = .pausing(until: now + self.bounds.pause)
        case .consumerGone:
            self.state = .gone
            return .gone
        }
        return .nothing
    }

    /// The connection is lost: what was asked on it is void.
    package mutating func lost() {
        if case .gone = self.state { return }
        self.isHeard = false
        self.state = .idle
    }

    /// A connection is there.
    package mutating func connected(at now: Int) -> Action {
        self.lost()
        return self.pull(at: now)
    }

    /// It could not be asked.
    package mutating func notSent(at now: Int) { self.state = .pausing(until: now + self.bounds.pause) }

    package mutating func timePassed(at now: Int) -> Action {
        switch self.state {
        case .idle, .gone: return .nothing
        case .pausing(let until):
            guard now >= until else { return .nothing }
        case .asked(_, let heardAt, let until):
            // Two heartbeats were missed, or its end was not told: whoever had it is away, or has forgotten it.
            guard now - heardAt > 2 * self.heartbeat || now > until + self.heartbeat else {
                return .nothing
            }
            self.silences += 1
            self.isHeard = false
        }
        self.state = .idle
        return self.pull(at: now)
    }

    private mutating func pull(at now: Int) -> Action {
        guard case .idle = self.state, self.credit > 0 else { return .nothing }
        let batch = min(self.credit, self.bounds.batch)
        self.number += 1
        self.state = .asked(left: batch, heardAt: now, until: now + self.expires)
        return .pull(number: self.number, batch: batch)
    }
}
