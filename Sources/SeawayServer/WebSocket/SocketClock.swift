/// Decides when a silent client is asked for a sign of life, when it is given up, and how long one may be too slow.
package struct SocketClock: Hashable, Sendable {
    package enum Action: Hashable, Sendable {
        case none
        case ping
        /// Nothing has come for too long.
        case giveUp
        /// Output has been blocked for too long.
        case stalled
    }

    private var heardAt: Moment
    private var hasPinged = false
    private var isListening = true
    private var blockedAt: Moment?

    package init(now: Moment) { self.heardAt = now }

    /// Something came from the client, or it took something.
    package mutating func heard(at now: Moment) {
        self.heardAt = now
        self.hasPinged = false
    }

    /// What is not read cannot be heard.
    package mutating func listeningChanged(to isListening: Bool, at now: Moment) {
        self.isListening = isListening
        self.heard(at: now)
    }

    package mutating func outputBlocked(_ isBlocked: Bool, at now: Moment) { self.blockedAt = isBlocked ? now : nil }

    package mutating func check(at now: Moment, _ times: WebSocketConfiguration) -> Action {
        if let start = self.blockedAt, start + times.blockedTimeout <= now { return .stalled }
        guard self.isListening else { return .none }
        if self.heardAt + times.silenceTimeout <= now { return .giveUp }
        guard !self.hasPinged, self.heardAt + times.pingInterval <= now else { return .none }
        self.hasPinged = true
        return .ping
    }
}
