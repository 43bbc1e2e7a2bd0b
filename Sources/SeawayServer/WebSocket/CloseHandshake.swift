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

    private enum State: Hashable, Sendable {
        case open
        /// The server wants to close; its frame stands behind what waits, or was written.
        case closing(WebSocketClose, until: Moment, isWritten: Bool)
        /// All is said, and what comes is dropped.
        case lingering(until: Moment)
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

    package mutating func close(_ close: WebSocketClose, at now: Moment, _ times: WebSocketConfiguration) -> Action {
        guard self.isOpen else { return .none }
        self.state = .closing(close, until: now + times.closeTimeout, isWritten: false)
        return .close(close)
    }

    /// The Close frame has left what waits.
    package mutating func closeWasWritten() {
        guard case .closing(let close, let until, _) = self.state else { return }
        self.state = .closing(close, until: until, isWritten: true)
    }

    /// - Parameter close: `nil` for a frame without a code.
    package mutating func received(
        _ close: WebSocketClose?, at now: Moment, _ times: WebSocketConfiguration
    ) -> Action {
        let was = self.state
        guard self.isReading else { return .none }
        self.state = .lingering(until: now + times.lingerTimeout)
        if case .closing(let own, _, isWritten: true) = was { return .end(frame: nil, told: own) }
        let echo = close.map { Frame.close(WebSocketClose(code: $0.code, reason: $0.reason)) } ?? .empty
        return .end(frame: echo, told: close ?? WebSocketClose(unsent: .noCode))
    }

    /// The server cannot go on with this client.
    package mutating func failed(_ close: WebSocketClose, at now: Moment, _ times: WebSocketConfiguration) -> Action {
        let was = self.state
        guard self.isReading else { return .none }
        self.state = .lingering(until: now + times.lingerTimeout)
        switch was {
        // Two Close frames are one too many.
        case .closing(let own, _, isWritten: true): return .end(frame: nil, told: own)
        default: return .end(frame: .close(close), told: close)
        }
    }

    /// Nothing came for too long.
    package mutating func gaveUp() -> Action { self.connectionEnded() }

    package mutating func connectionEnded() -> Action {
        let was = self.state
        self.state = .gone
        switch was {
        case .open: return .gone(told: WebSocketClose(unsent: .abnormal))
        case .closing(let own, _, _): return .gone(told: own)
        case .lingering: return .gone(told: nil)
        case .gone: return .none
        }
    }

    /// - Returns: ``Action/gone(told:)`` when the time for what goes on is over.
    package mutating func sweep(at now: Moment) -> Action {
        switch self.state {
        case .closing(_, let until, _) where until <= now, .lingering(let until) where until <= now:
            self.connectionEnded()
        case .open, .closing, .lingering, .gone: .none
        }
    }
}
