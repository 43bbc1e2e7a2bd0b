import SeawayHub
import SeawayMessage
import SeawayWire

/// Messages for later, once, or with an acknowledgement (S11 to S13), and the moment when one is due.
extension BrokerCore {
    /// Puts a message on a channel on its sender's terms (S11 to S13), in the order of refusals of A4.
    ///
    /// - Returns: whether it was one whose key is known, and nothing was stored.
    func send(
        _ body: Span<UInt8>, _ format: BodyFormat, to channel: Span<UInt8>, _ form: NameForm, ifHeard: Bool,
        _ bounds: SendBounds?, _ terms: SendTerms, by id: PeerID, _ isWellFormed: Bool?
    ) throws(WireRefusal) -> Bool {
        if self.isClosing, !self.takesAnswer(channel, form) { throw .closing }
        guard isWellFormed ?? Self.isWellFormed(body, format) else { throw .payload }
        let outcome = self.hub.send(
            to: channel, form, ifHeard: ifHeard, bounds, terms, by: id, body: self.bodies.nextID, size: body.count,
            now: self.now)
        if case .sent(let outcome) = outcome, let refusal = self.carryOut(outcome, body, format, channel) {
            throw refusal
        }
        if self.hub.hasCopies { self.pushCopies(body, format, group: nil) }
        self.carryOutEffects()
        self.seeToWhatIsDue()
        return outcome == .repeated
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

    /// Gives out what is due now.
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
