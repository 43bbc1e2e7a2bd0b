import SeawayHub
import SeawayWire

/// `HELLO`, and what becomes of a connection's rights (section 9).
extension Connection {
    var tokenName: String? { self.access.token?.name }

    /// TLS has been agreed on (U8).
    func handshakeCompleted() { self.deadlines.handshakeCompleted() }

    /// What broke the connection was the handshake, unless that was over.
    func handshakeFailed() {
        guard self.deadlines.awaitsHandshake else { return }
        self.deadlines.handshakeCompleted()
        self.core.counters.failedHandshakes += 1
    }

    func greet(_ hello: Hello) {
        if let tokens = self.core.tokens {
            guard let token = hello.token.flatMap(tokens.token(for:)) else { return self.holdLoginBack() }
            self.access.logIn(token)
            self.deadlines.loggedIn()
            self.core.hub.logIn(self.id, token: token.name)
            self.core.strangers.remove(self.id)
        }
        self.format = hello.format
        self.clientName = hello.client
        if hello.brokers > 1 { self.core.hub.answersElsewhere(self.id) }
        self.deadlines.agree(onHeartbeat: hello.heartbeat, now: self.core.now)
        self.answer(self.requests.greeting(for: hello, self.limits))
    }

    /// Nothing is read until the refusal was said (U4).
    private func holdLoginBack() {
        let delay = self.core.delayFailedLogin(from: self.transport.host)
        self.access.holdBack(until: self.core.now + delay)
        self.transport.setReading(false)
    }

    func refuseLogin() {
        self.refuse(.auth)
        guard self.access.mayTryAgain else { return self.end(.auth, "the log-in failed too often") }
        if self.beginWork(hasWorked: false) { self.goOn() }
    }

    /// The broker has other tokens now (U6).
    func logInAgain(_ tokens: Tokens) {
        guard self.isOpen, let token = self.access.token else { return }
        guard let successor = tokens.successor(of: token) else {
            return self.end(.auth, "the token is not valid any more")
        }
        self.access.logIn(successor)
        let may = successor.permissions
        self.core.hub.revoke(
            self.id, now: self.core.now, unless: may.mayListen, { may.mayAdminister($0) }, may.mayWatch)
        self.core.carryOutEffects()
    }
}

/// What the broker knows of tokens.
extension BrokerCore {
    /// A log-in has failed: how long its answer waits (U4).
    func delayFailedLogin(from host: String) -> Int {
        let delay = self.loginDelays.delayFailure(from: host, now: self.now)
        if delay >= self.configuration.loginDelay { self.counters.count(.loginDelay) }
        return delay
    }

    /// From now on these hold (U6); where there were none, none can begin to.
    package func replaceTokens(_ tokens: Tokens) {
        guard self.tokens != nil else { return }
        self.readClock()
        self.tokens = tokens
        for case let connection as Connection in self.allEndpoints { connection.logInAgain(tokens) }
        self.endTurn()
    }
}
