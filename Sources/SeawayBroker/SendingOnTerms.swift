import SeawayHub
import SeawayMessage
import SeawayWire

/// Messages for later, once, with an acknowledgement or a wish to be told (S11 to S14), and the moment when one is due.
extension BrokerCore {
    /// Puts a message on a channel on its sender's terms (S11 to S14), in the order of refusals of A4.
    ///
    /// - Returns: whether it was one whose key is known, and nothing was stored.
    func send(
        _ body: Span<UInt8>, _ format: BodyFormat, to channel: Span<UInt8>, _ form: NameForm, ifHeard: Bool,
        _ bounds: SendBounds?, _ terms: SendTerms, by id: PeerID, _ isWellFormed: Bool?
    ) throws(WireRefusal) -> Bool {
        if self.isClosing, !self.takesAnswer(channel, form) { throw .closing }
        guard isWellFormed ?? Self.isWellFormed(body, format) else { throw .payload }
        if let report = terms.report {
            self.wish.set(
                report.channel.bytes.span, patience: report.patience, times: report.times, note: report.note)
        }
        let outcome = self.hub.send(
            to: channel, form, ifHeard: ifHeard, bounds, terms, terms.report == nil ? nil : self.wish, by: id,
            body: self.bodies.nextID, size: body.count,
            now: self.now)
        if case .sent(let outcome) = outcome, let refusal = self.carryOut(outcome, body, format, channel) {
            throw refusal
        }
        if self.hub.hasCopies { self.pushCopies(body, format, group: nil) }
        self.carryOutEffects()
        self.seeToWhatIsDue()
        return outcome == .repeated
    }

    /// The same of a message that was found in one pass.
    func send(
        _ body: Span<UInt8>, _ format: BodyFormat, _ send: PlainSendOnTerms, in frame: Span<UInt8>, by id: PeerID
    ) -> WireRefusal? {
        let channel = frame.extracting(send.channel)
        if self.isClosing, !self.takesAnswer(channel, send.form) { return .closing }
        guard Self.isWellFormed(body, format) else { return .payload }
        let isReported = !send.report.isEmpty
        if isReported { self.wish.set(frame.extracting(send.report), patience: send.patience, times: send.times) }
        let outcome = self.hub.send(
            to: channel, send.form, ifHeard: send.ifHeard, isReported ? self.wish : nil,
            acknowledging: send.acknowledges, by: id, body: self.bodies.nextID, size: body.count, now: self.now)
        if let refusal = self.carryOut(outcome, body, format, channel) { return refusal }
        if self.hub.hasCopies { self.pushCopies(body, format, group: nil) }
        if self.hub.hasEffects { self.carryOutEffects() }
        return nil
    }

    /// Pushes a message that is to be acknowledged (D9).
    func push(_ channel: Span<UInt8>, _ body: Span<UInt8>, _ format: BodyFormat, _ handover: Handover, to id: PeerID) {
        guard let endpoint = self.endpoint(id) else { return }
        Self.translated(body, format, to: endpoint.format) { endpoint.push(channel, body: $0, handover) }
    }

    /// Has ``giveOutDue()`` called in time for what is due before ``check()`` comes again (S11).
    func seeToWhatIsDue() {
        guard let due = self.hub.nextDue, due < self.now + Self.checkInterval, due < self.wakesAt ?? .max else {
            return
        }
        self.wakesAt = due
        self.scheduleWake(max(0, due - self.now))
    }

    /// Delivers what is due now.
    package func giveOutDue() {
        self.readClock()
        self.wakesAt = nil
        // What becomes of it nobody has asked for.
        self.hub.payer = 0
        self.hub.wake(now: self.now)
        self.carryOutEffects()
        self.seeToWhatIsDue()
        self.endTurn()
    }
}
