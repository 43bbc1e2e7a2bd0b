/// Decides how long one client is waited for: for its next request, for the rest of one, and for taking what it asked
/// for.
///
/// While something waits for the client to take it, only that it takes nothing ends the connection, however slow it is.
package struct ConnectionClock: Hashable, Sendable {
    package enum Expiry: Hashable, Sendable {
        /// There is still time.
        case none
        /// End the connection without a word: nothing was begun, or nothing is left to say.
        case close(TimeLimit?)
        /// Answer 408: a request was begun and did not come whole.
        case slowRequest(TimeLimit)
        /// End the connection: the client takes nothing (I19).
        case stalled
    }

    private enum Phase: Hashable, Sendable {
        /// Nothing has come at all.
        case fresh
        /// Nothing of the next request has come.
        case idle
        case head
        case body(BodyPace)
        /// Nothing is wanted any more, and what comes is dropped.
        case stopped
        /// The server's side has ended (I22).
        case lingering
    }

    private var phase = Phase.fresh
    private var since: Moment

    /// A new connection owes its first request within the time for a head.
    package init(now: Moment) { self.since = now }

    /// Something was read that does not complete the head of a request.
    package mutating func bytesCame(at now: Moment) {
        switch self.phase {
        case .fresh: self.phase = .head
        case .idle: self.enter(.head, now)
        case .head, .body, .stopped, .lingering: break
        }
    }

    /// Whether the server's side has ended.
    package var isLingering: Bool { self.phase == .lingering }

    package mutating func headCame(at now: Moment) { self.enter(.body(BodyPace(now: now)), now) }
    package mutating func bodyCame(_ bytes: Int, at now: Moment) {
        guard case .body(var pace) = self.phase else { return }
        pace.came(bytes, at: now)
        self.phase = .body(pace)
    }
    package mutating func requestCame(at now: Moment) { self.enter(.idle, now) }
    package mutating func answerLeft(at now: Moment) { if self.phase == .idle { self.since = now } }
    /// The server itself does not read now, so that what is not complete is not the client's fault.
    package mutating func readingWasHeld(at now: Moment) {
        switch self.phase {
        case .head: self.enter(.idle, now)
        case .body: self.headCame(at: now)
        case .fresh, .idle, .stopped, .lingering: break
        }
    }
    package mutating func readingStopped(at now: Moment) { self.enter(.stopped, now) }
    package mutating func sideEnded(at now: Moment) { self.enter(.lingering, now) }

    /// What the connection does for a client of whom no request is under way.
    package var use: ConnectionUse {
        switch self.phase {
        case .fresh: .unused
        case .idle: .idle
        case .head: .asking
        case .body, .stopped, .lingering: .busy
        }
    }

    /// Whether nothing of a request has come for so long.
    package func isQuiet(for time: Duration, at now: Moment) -> Bool {
        switch self.phase {
        case .fresh, .idle: self.since + time <= now
        case .head, .body, .stopped, .lingering: false
        }
    }

    /// - Parameters:
    ///   - isBusy: requests are under way, so that the client waits for the server.
    ///   - output: what the client takes.
    package mutating func expiry(
        at now: Moment, isBusy: Bool, output: TakenBytes, times: ServerConfiguration
    ) -> Expiry {
        if output.isStalled(for: times.clientStallTimeout, at: now) { return .stalled }
        switch self.phase {
        case .fresh: return self.after(times.headTimeout, now, .close(.head))
        case .idle where !isBusy && !output.isOpen:
            return self.after(times.keepAliveTimeout, now, .close(.keepAlive), freeSince: output.freeSince)
        // A late request is answered behind all that was asked before: nothing is cut.
        case .head: return self.after(times.headTimeout, now, .slowRequest(.head))
        case .body(var pace):
            defer { self.phase = .body(pace) }
            return pace.limit(at: now, times).map { .slowRequest($0) } ?? .none
        case .lingering where !output.isOpen:
            return self.after(times.lingerTimeout, now, .close(nil), freeSince: output.freeSince)
        case .idle, .stopped, .lingering: return .none
        }
    }

    /// - Parameter freeSince: when the client had taken all that waited for it; before that its time did not begin.
    private func after(_ time: Duration, _ now: Moment, _ expiry: Expiry, freeSince: Moment? = nil) -> Expiry {
        max(self.since, freeSince ?? self.since) + time <= now ? expiry : .none
    }

    private mutating func enter(_ phase: Phase, _ now: Moment) {
        guard self.phase != .lingering, self.phase != .stopped || phase == .lingering else { return }
        self.phase = phase
        self.since = now
    }
}
