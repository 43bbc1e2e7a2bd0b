import SeawayHub
import SeawayStore

/// The end of a broker (X2).
extension BrokerCore {
    enum Life {
        case open
        /// New sends are refused but for answers, what is there is delivered (X2).
        case draining(until: Int)
        /// All connections are ending.
        case ending(until: Int)
        /// The store gives back what it has delivered.
        case leaving(until: Int)
        case over
    }

    /// Says goodbye to everyone and refuses new sends; what is there is still delivered, and the answers to it waited
    /// for (X2).
    ///
    /// - Parameter milliseconds: how long that may take, the end of all connections included.
    package func shutDown(within milliseconds: Int) {
        self.readClock()
        guard case .open = self.life else { return }
        self.life = .draining(until: self.now + milliseconds)
        for endpoint in self.allEndpoints { endpoint.pushShutdown(within: milliseconds) }
        if self.store != nil { self.hub.endDemands() }
        self.carryOutEffects()
        self.endTurn()
    }

    /// Calls back when a broker that was told to leave has ended all connections, or has no more time.
    package func whenOver(_ call: @escaping () -> Void) {
        if case .over = self.life { call() } else { self.waitingForEnd.append(call) }
    }

    func endIfDone() {
        guard case .draining(let deadline) = self.life, self.hub.queuedMessages == 0, self.hub.heldMessages == 0,
            self.hub.confirming == 0, !self.hub.hasNews, self.pendingAnswers == 0, self.turns.count == 0,
            !self.hasOutput, self.workshop.isIdle, self.allEndpoints.allSatisfy({ $0.unread == 0 }),
            !self.hub.awaitsAnswers
        else { return }
        self.endAll(by: deadline)
    }

    func endInTime() {
        switch self.life {
        case .draining(let deadline) where self.now >= deadline:
            self.endAll(by: deadline)
            self.endTurn()
            self.leave()
        case .ending(let deadline) where self.now >= deadline: self.leave()
        case .leaving(let deadline) where self.now >= deadline: self.finish()
        case .open, .draining, .ending, .leaving, .over: break
        }
    }

    private func endAll(by deadline: Int) {
        self.life = .ending(until: deadline)
        for endpoint in self.allEndpoints { endpoint.end() }
        if self.endpointCount == 0 { self.leave() }
    }

    /// How long a store may take to give back what it has delivered, in milliseconds.
    private static let storeStop = 1_000

    func leave() {
        guard let store = self.store else { return self.finish() }
        switch self.life {
        case .leaving, .over: return
        case .open, .draining, .ending: break
        }
        self.life = .leaving(until: self.now + 2 * Self.storeStop)
        store.stop(within: Self.storeStop) { [weak self] in self?.finish() }
    }

    private func finish() {
        self.life = .over
        let waiting = self.waitingForEnd
        self.waitingForEnd = []
        for call in waiting { call() }
    }
}
