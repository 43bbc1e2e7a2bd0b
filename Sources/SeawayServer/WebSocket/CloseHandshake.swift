/// Decides how a socket ends (RFC 6455, section 7), and what is told of it: once.
package struct CloseHandshake: Hashable, Sendable {
    package enum Action: Hashable, Sendable {
        case none
        /// Send this Close frame behind what waits.
        case close(WebSocketClose)
        /// Send this Close frame, if any, before all that waits, then end the server's side; tell how the socket ended.
        case end(frame: Frame?, told: WebSocketClose?)
        /// Tell how the socket ended; the connection is gone, or must go now.
        case gone(told: WebSocketClose?)
    }

    /// A Close frame: nothing stands in it when the client's own was empty.
    package enum Frame: Hashable, Sendable {
        case close(WebSocketClose)
        case empty
    }

    /// How far the server's own Close frame has come.
    private enum Progress: Hashable, Sendable {
        /// It stands behind what waits.
        case waiting
        /// The connection has it.
        case written
        /// The system has it: it is on its way.
        case sent
        /// The client's machine has it.
        case taken

        var isWritten: Bool { self != .waiting }
    }

    private enum State: Hashable, Sendable {
        case open
        /// The server wants to close, since then; from the writing of its frame on, since that.
        case closing(WebSocketClose, since: Moment, Progress)
        /// All is said, and what comes is dropped.
        case lingering(since: Moment)
        case gone
    }

    private var state = State.open

    package init() {}

    /// Whether messages may be sent.
    package var isOpen: Bool { self.state == .open }

    /// Whether what comes still matters.
    package var isReading: Bool {
        switch self.state {
        case .open, .closing: true
        case .lingering, .gone: false
        }
    }

    package mutating func close(_ close: WebSocketClose, at now: Moment) -> Action {
        guard self.isOpen else { return .none }
        self.state = .closing(close, since: now, .waiting)
        return .close(close)
    }

    /// The Close frame has left what waits.
    package mutating func closeWasWritten(at now: Moment) {
        guard case .closing(let close, _, .waiting) = self.state else { return }
        self.state = .closing(close, since: now, .written)
    }

    /// The Close frame has left this process.
    package mutating func closeWasSent(at now: Moment) {
        guard case .closing(let close, let since, let progress) = self.state else { return }
        self.state = .closing(close, since: progress.isWritten ? since : now, .sent)
    }

    /// Nothing of what was written waits any more for the client to take it.
    package mutating func allWasTaken() {
        guard case .closing(let close, let since, .sent) = self.state else { return }
        self.state = .closing(close, since: since, .taken)
    }

    /// - Parameter close: `nil` for a frame without a code.
    package mutating func received(
        _ close: WebSocketClose?, at now: Moment
    ) -> Action {
        let was = self.state
        guard self.isReading else { return .none }
        self.state = .lingering(since: now)
        if case .closing(let own, _, let progress) = was, progress.isWritten { return .end(frame: nil, told: own) }
        let echo = close.map { Frame.close(WebSocketClose(code: $0.code, reason: $0.reason)) } ?? .empty
        return .end(frame: echo, told: close ?? WebSocketClose(unsent: .noCode))
    }

    /// The server cannot go on with this client.
    package mutating func failed(_ close: WebSocketClose, at now: Moment) -> Action {
        let was = self.state
        guard self.isReading else { return .none }
        self.state = .lingering(since: now)
        // Two Close frames are one too many.
        if case .closing(let own, _, let progress) = was, progress.isWritten { return .end(frame: nil, told: own) }
        return .end(frame: .close(close), told: close)
    }

    /// The client has ended the connection. What was not on its way by then, the Close frame above all, has not reached
    /// it.
    package mutating func connectionEnded() -> Action {
        if case .closing(let own, _, .sent) = self.state {
            self.state = .gone
            return .gone(told: own)
        }
        return self.cut()
    }

    /// The server ends the connection, or it broke: what the client had not taken is lost.
    package mutating func cut() -> Action {
        let was = self.state
        self.state = .gone
        switch was {
        case .closing(let own, _, .taken): return .gone(told: own)
        case .open, .closing: return .gone(told: WebSocketClose(unsent: .abnormal))
        case .lingering: return .gone(told: nil)
        case .gone: return .none
        }
    }

    /// - Parameter quietSince: since when the client has taken nothing, or had nothing to take: while it takes
    ///   something, no time passes here.
    /// - Returns: ``Action/gone(told:)`` when the time for what goes on is over.
    package mutating func sweep(at now: Moment, quietSince: Moment, _ times: WebSocketConfiguration) -> Action {
        switch self.state {
        case .closing(_, let since, _) where max(since, quietSince) + times.closeTimeout <= now,
            .lingering(let since) where max(since, quietSince) + times.lingerTimeout <= now:
            self.cut()
        case .open, .closing, .lingering, .gone: .none
        }
    }
}
