package import SeawayWire

/// What became of a message that was sent on terms.
package enum TermsOutcome: Hashable, Sendable {
    case sent(SendOutcome)
    /// One with the same key was taken before (S12).
    case repeated
}

/// Messages that are sent for later, once, or together with an acknowledgement (S11 to S13).
extension Hub {
    /// Puts a message on a channel, on its sender's terms.
    ///
    /// - Parameters:
    ///   - id: who sends it; what it holds may be acknowledged with it.
    ///   - others: as those of ``send(to:_:ifHeard:_:body:size:now:)``.
    package func send(
        to channel: Span<UInt8>, _ form: NameForm, ifHeard: Bool, _ bounds: SendBounds?, _ terms: SendTerms,
        by id: PeerID, body: BodyID, size: Int, now: Int
    ) -> TermsOutcome {
        self.work += Work.change
        if let key = terms.once {
            self.forgetKeys(now: now)
            if self.onceKeys.contains(key, on: channel) {
                self.counters.repeated += 1
                if let tag = terms.acknowledges { self.acknowledge(tag, heldBy: id) }
                return .repeated
            }
            if let refusal = self.whyNoKey(key, channel) { return .sent(.refused(refusal)) }
        }
        let outcome =
            if let delay = terms.delay {
                self.sendLater(
                    to: channel, form, ifHeard: ifHeard, bounds, after: delay, body: body, size: size, now: now)
            } else {
                self.send(to: channel, form, ifHeard: ifHeard, bounds, body: body, size: size, now: now)
            }
        if case .refused = outcome { return .sent(outcome) }
        if let key = terms.once {
            let before = self.onceKeys.memory
            self.onceKeys.insert(key, on: channel, until: now + self.configuration.onceWindow)
            self.pay(self.onceKeys.memory - before, by: 0)
        }
        if let tag = terms.acknowledges { self.acknowledge(tag, heldBy: id) }
        return .sent(outcome)
    }

    /// How many keys are remembered.
    package var keys: Int { self.onceKeys.count }

    private func whyNoKey(_ key: String, _ channel: Span<UInt8>) -> WireRefusal? {
        let most = self.configuration.maxKeys
        guard self.onceKeys.count < most else { return .limit(of: .keys, most: most, given: most + 1) }
        return self.hasMemory(for: Cost.key + channel.count + 1 + key.utf8.count) ? nil : self.isFull
    }

    /// Forgets keys whose time is over, as many as one turn has time for.
    func forgetKeys(now: Int) {
        let before = self.onceKeys.memory
        self.work += Work.change * self.onceKeys.forget(now: now, most: 1_000)
        self.pay(self.onceKeys.memory - before, by: 0)
    }
}
