package import SeawayWire

/// What became of a message that was sent on terms.
package enum TermsOutcome: Hashable, Sendable {
    case sent(SendOutcome)
    /// One with the same key was taken before (S12).
    case repeated
}

/// Messages that are sent for later, once, together with an acknowledgement, or with a wish to be told (S11 to S14).
extension Hub {
    /// Puts a message on a channel, on its sender's terms.
    ///
    /// - Parameters:
    ///   - report: what its sender wants to be told, which ``SendTerms`` has too.
    ///   - id: who sends it; what it holds may be acknowledged with it.
    ///   - others: as those of ``send(to:_:ifHeard:_:body:size:now:)``.
    package func send(
        to channel: Span<UInt8>, _ form: NameForm, ifHeard: Bool, _ bounds: SendBounds?, _ terms: SendTerms,
        _ report: ReportWish? = nil, by id: PeerID, body: BodyID, size: Int, now: Int
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
                self.send(
                    to: channel, form, ifHeard: ifHeard, bounds, report, body: body, size: size, now: now)
            }
        if case .refused = outcome { return .sent(outcome) }
        if let key = terms.once {
            let bytes = self.onceKeys.insert(
                key, on: channel, until: now + self.configuration.onceWindow, by: self.payer)
            self.ledger.pay(bytes, by: self.payer)
            self.ledger.payers.charge(self.payer, 1, .keys)
        }
        if let tag = terms.acknowledges { self.acknowledge(tag, heldBy: id) }
        return .sent(outcome)
    }

    /// Puts a message on a channel, and acknowledges another with it (S13, S14).
    package func send(
        to channel: Span<UInt8>, _ form: NameForm, ifHeard: Bool, _ report: ReportWish?,
        acknowledging tag: DeliveryTag?,
        by id: PeerID, body: BodyID, size: Int, now: Int
    ) -> SendOutcome {
        let outcome = self.send(to: channel, form, ifHeard: ifHeard, nil, report, body: body, size: size, now: now)
        guard let tag else { return outcome }
        if case .refused = outcome { return outcome }
        self.acknowledge(tag, heldBy: id)
        return outcome
    }

    /// How many keys are remembered.
    package var keys: Int { self.onceKeys.count }

    private func whyNoKey(_ key: String, _ channel: Span<UInt8>) -> WireRefusal? {
        let most = self.configuration.maxKeys
        guard self.onceKeys.count < most else { return .limit(of: .keys, most: most, given: most + 1) }
        do throws(WireRefusal) {
            try self.checkShare(of: .keys, more: 1, used: self.onceKeys.count, most: most)
        } catch { return error }
        return self.hasMemory(for: Cost.key + channel.count + 1 + key.utf8.count) ? nil : self.isFull
    }

    /// Forgets keys whose time is over, as many as one turn has time for.
    func forgetKeys(now: Int) {
        let forgotten = self.onceKeys.forget(now: now, most: 1_000) { bytes, payer in
            self.ledger.pay(-bytes, by: payer)
            self.ledger.payers.charge(payer, -1, .keys)
        }
        self.work += Work.change * forgotten
    }
}
