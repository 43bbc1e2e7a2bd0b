/// Decides when a channel gets its consumer, and how much is pulled of it. Times are milliseconds.
package struct ChannelFeed: Hashable, Sendable {
    package enum Action: Hashable, Sendable {
        case nothing
        /// Have the engine make the consumer, or look at it, and say ``made(at:)`` or ``failed(at:)``.
        case make
        /// So many messages can be given to listeners, those on their way among them.
        case pull(credit: Int)
    }

    private enum State: Hashable, Sendable {
        /// Nobody has asked for anything yet.
        case none
        case making
        case ready
        case pausing(until: Int)
    }

    private var state = State.none
    private(set) var demand = 0
    private let pause: Int

    /// - Parameter pause: how long nothing is tried after it has failed.
    package init(pause: Int = 500) { self.pause = pause }

    package var isReady: Bool { self.state == .ready }

    package mutating func setDemand(_ demand: Int) -> Action {
        self.demand = max(0, demand)
        switch self.state {
        case .none:
            guard self.demand > 0 else { return .nothing }
            self.state = .making
            return .make
        case .ready: return .pull(credit: self.demand)
        case .making, .pausing: return .nothing
        }
    }

    /// The consumer is there, as it is to be.
    package mutating func made() -> Action {
        self.state = .ready
        return .pull(credit: self.demand)
    }

    /// It is not there, or is no more.
    package mutating func failed(at now: Int) { self.state = .pausing(until: now + self.pause) }

    package mutating func timePassed(at now: Int) -> Action {
        guard case .pausing(let until) = self.state, now >= until else { return .nothing }
        self.state = .none
        return self.setDemand(self.demand)
    }
}
