/// Decides when a silent client is asked for a sign of life, when it is given up, and how long one may be too slow.
package struct SocketClock: Hashable, Sendable {
    package enum Action: Hashable, Sendable {
        case none
        case ping
        /// Nothing has come for too long.
        case giveUp
        /// Output has been blocked for too long, and nothing was taken of it.
        case stalled
    }

    private var heardAt: Moment
    private var hasPinged = false
    /// When it was looked last, the client had not taken all that was sent to it.
    private var sawWaiting = false
    /// Since when the client was not seen to take anything.
    package private(set) var quietSince: Moment
    private var isListening = true
    private var blockedAt: Moment?

    package init(now: Moment) {
        self.heardAt = now
        self.quietSince = now
    }

    /// Something came from the client.
    package mutating func heard(at now: Moment) {
        self.heardAt = now
        self.hasPinged = false
    }

    /// Whether ``check(at:_:)`` will soon ask what the client has taken, so that it is to be looked for.
    package func mustLook(at now: Moment, _ times: WebSocketConfiguration) -> Bool {
        if self.blockedAt != nil { return true }
        return self.isListening && self.heardAt + min(times.pingInterval, times.silenceTimeout / 2) <= now
    }

    /// It was looked what the client has taken of what is sent to it.
    ///
    /// Who takes some of it while more waits is alive: a ping would stand behind that. That the last of it has arrived
    /// is no sign of life, since that is the system's doing; but a ping that stood behind it has arrived only now, and
    /// has the time that it always has.
    ///
    /// - Parameters:
    ///   - waits: something is left to be taken.
    ///   - hasTaken: something was taken since it was looked last.
    package mutating func looked(waits: Bool, hasTaken: Bool, at now: Moment, _ times: WebSocketConfiguration) {
        // What was never seen to wait has gone at once.
        if hasTaken, waits || self.sawWaiting { self.quietSince = now }
        if waits, hasTaken {
            self.heardAt = now
            if self.blockedAt != nil { self.blockedAt = now }
        } else if !waits, self.sawWaiting, self.hasPinged {
            self.heardAt = max(self.heardAt, now + (.zero - times.pingInterval))
        }
        self.sawWaiting = waits
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
