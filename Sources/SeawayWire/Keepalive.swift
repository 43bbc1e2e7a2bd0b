/// Decides when a silent peer is asked for a sign of life, and when it is given up (H5).
package struct Keepalive: Hashable, Sendable {
    package enum Action: Hashable, Sendable {
        case wait
        case ping
        case giveUp
    }

    private let interval: Int
    package private(set) var heardAt: Int
    private var pings = 0
    private var askedAt: Int

    /// - Parameter interval: milliseconds of silence before each step; 0 never asks.
    package init(interval: Int, now: Int) {
        self.interval = interval
        self.heardAt = now
        self.askedAt = now
    }

    package mutating func peerWasHeard(at now: Int) {
        self.heardAt = now
        self.pings = 0
    }

    /// To be asked now and then; each step comes a whole interval after the one before. Where this was not asked for
    /// long, since the whole process stood still, at least half an interval: the peer has to have its time to answer.
    package mutating func check(at now: Int) -> Action {
        guard self.interval > 0, now - self.heardAt >= self.interval * (self.pings + 1) else { return .wait }
        guard self.pings == 0 || now - self.askedAt >= self.interval / 2 else { return .wait }
        guard self.pings < 2 else { return .giveUp }
        self.pings += 1
        self.askedAt = now
        return .ping
    }
}
