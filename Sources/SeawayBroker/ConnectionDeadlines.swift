import SeawayHub
import SeawayNIO
import SeawayWire

/// What a connection has to do in time (F14, H5, M4, M5, U5, U8); times in milliseconds.
struct ConnectionDeadlines {
    enum Action: Hashable {
        case wait
        /// Ask for a sign of life.
        case ping
        /// With what it has met, unless the peer has set that itself.
        case end(EndReason, String, Bound?)
        /// Nothing can be said to it.
        case drop(Bound)
    }

    private var keepalive: Keepalive
    let connectedAt: Int
    private var awaitsLogin: Bool
    private(set) var awaitsHandshake = false
    /// When the frame that is being read began.
    private var frameBegan: Int?
    /// Since when unread output has stood still.
    private var stuck: (since: Int, unread: Int)?

    init(awaitsLogin: Bool, now: Int) {
        self.connectedAt = now
        self.awaitsLogin = awaitsLogin
        self.keepalive = Keepalive(interval: 0, now: now)
    }

    /// As agreed in `HELLO`.
    mutating func agree(onHeartbeat interval: Int, now: Int) {
        self.keepalive = Keepalive(interval: interval, now: now)
    }

    mutating func awaitHandshake() { self.awaitsHandshake = true }

    mutating func handshakeCompleted() { self.awaitsHandshake = false }

    mutating func loggedIn() { self.awaitsLogin = false }

    mutating func peerWasHeard(at now: Int) { self.keepalive.peerWasHeard(at: now) }

    /// - Parameter isInside: a frame was begun and is not complete.
    mutating func frame(isInside: Bool, now: Int) { self.frameBegan = isInside ? self.frameBegan ?? now : nil }

    /// There is more unread output than may be, from now on or not any longer.
    mutating func output(isOverfull: Bool, unread: Int, now: Int) { self.stuck = isOverfull ? (now, unread) : nil }

    /// To be asked a few times a second.
    ///
    /// - Parameter listens: whether the connection listens on anything.
    mutating func check(
        now: Int, _ configuration: BrokerConfiguration, unread: @autoclosure () -> Int, listens: @autoclosure () -> Bool
    ) -> Action {
        let isLate = now - self.connectedAt >= configuration.frameTimeout
        if self.awaitsHandshake, isLate {
            return .drop(.frameTimeout)
        }
        if let began = self.frameBegan, now - began >= configuration.frameTimeout {
            return .end(.idle, "a frame took too long", .frameTimeout)
        }
        if self.awaitsLogin, isLate { return .end(.idle, "no log-in came in time", .frameTimeout) }
        if let stuck = self.stuck {
            let left = unread()
            if left < stuck.unread { self.stuck = (now, left) }
            if left >= stuck.unread, now - stuck.since >= configuration.unreadTimeout {
                return .end(.slow, "", .unreadTimeout)
            }
        }
        let idle = configuration.idleTimeout
        if idle > 0, now - self.keepalive.heardAt >= idle, !listens() { return .end(.idle, "", .idleTimeout) }
        switch self.keepalive.check(at: now) {
        case .wait: return .wait
        case .ping: return .ping
        case .giveUp: return .end(.heartbeat, "", nil)
        }
    }
}

/// Looking after all that.
extension Connection {
    func check(now: Int) {
        switch self.state {
        case .open: self.checkOpen(now: now)
        case .ending(let deadline, let unread): self.checkEnding(now: now, deadline, unread)
        case .closed: break
        }
    }

    /// Gives up a peer that takes nothing of what is left to send, or does not close its side.
    private func checkEnding(now: Int, _ deadline: Int, _ unread: Int) {
        self.lookAtLent()
        let left = self.unread
        if left < unread {
            self.linger(until: now + self.core.configuration.lingerTimeout, unread: left)
        } else if now >= deadline {
            self.core.counters.count(.lingerTimeout)
            self.transport.close()
        }
    }

    private func checkOpen(now: Int) {
        self.lookAtLent()
        if self.access.release(now: now) { self.refuseLogin() }
        self.checkPending()
        let action = self.deadlines.check(
            now: now, self.core.configuration, unread: self.unread,
            listens: self.core.hub.listening(of: self.id).names > 0)
        switch action {
        case .wait: break
        case .ping: self.gather { $0.writeLine("PING\n") }
        case .end(let reason, let text, let bound): self.end(reason, text, for: bound)
        case .drop(let bound):
            self.core.counters.count(bound)
            self.transport.close()
        }
    }
}
