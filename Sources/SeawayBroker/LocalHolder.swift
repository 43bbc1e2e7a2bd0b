import SeawayHub
import SeawayMessage
import SeawayStore
import SeawayWire

/// Who holds what came by one listening in this process.
final class LocalHolder: MessageHolder {
    private let layer: InProcessLayer
    let id: PeerID

    init(layer: InProcessLayer, id: PeerID) {
        self.layer = layer
        self.id = id
    }

    func take(
        _ verdict: HeldMessage.Verdict, of message: HeldMessage, answer: @escaping @Sendable (SendAnswer) -> Void
    ) {
        let holder = self
        self.layer.onLoop { local in
            local.answer(answer) { () throws(WireRefusal) in try local.take(verdict, of: message, by: holder) }
        }
    }
}

extension LocalState {
    /// - Returns: what a store is to be asked first; `nil`: nothing.
    func take(
        _ verdict: HeldMessage.Verdict, of message: HeldMessage, by holder: LocalHolder
    ) throws(WireRefusal) -> StoreRequest? {
        guard let channel = Name(message.channel), let tag = message.tag else { throw .late }
        let hub = self.core.hub
        let endpoint = self.endpoint(of: holder)
        defer {
            self.core.carryOutEffects()
            self.core.seeToWhatIsDue()
            endpoint?.endIfDone()
        }
        if verdict == .done {
            hub.acknowledge([tag], of: channel)
            return self.core.store(of: channel).flatMap { self.core.acknowledging([tag], of: channel, in: $0) }
        }
        guard endpoint != nil else { throw .late }
        switch verdict {
        case .done: break
        case .held: try hub.hold(holder.id, [tag], of: channel, now: self.core.now)
        case .again(let after):
            let delay = after?.wireMilliseconds
            guard delay.map({ (0...SendTerms.longestDelay).contains($0) }) ?? true else {
                throw .option("In is 0 to \(SendTerms.longestDelay) ms")
            }
            _ = try hub.giveBack(holder.id, tag, of: channel, GiveBack(delay: delay), now: self.core.now)
        case .unbegun:
            let terms = GiveBack(delay: 0, isUnbegun: true)
            _ = try hub.giveBack(holder.id, tag, of: channel, terms, now: self.core.now)
        case .dead(let reason):
            let why = PercentCoding.encode(reason, limit: GiveBack.mostBytes)
            let terms = GiveBack(isDead: true, why: why.isEmpty ? nil : why)
            return try hub.giveBack(holder.id, tag, of: channel, terms, now: self.core.now).map(self.core.ending)
        }
        return nil
    }

    /// The listening by which it came, if it holds anything still.
    private func endpoint(of holder: LocalHolder) -> LocalEndpoint? {
        guard let endpoint = self.core.endpoint(holder.id) as? LocalEndpoint, endpoint.holder === holder else {
            return nil
        }
        return endpoint
    }

    /// Sends on terms (S11 to S13), or to a channel that a store keeps (D18).
    ///
    /// - Returns: what that store, or the one of what is acknowledged, is to be asked first; `nil`: nothing.
    func send(
        _ body: Payload, to channel: Span<UInt8>, _ form: NameForm, in store: (any MessageStore)?, ifHeard: Bool,
        _ bounds: SendBounds?, _ terms: MessageTerms?
    ) throws(WireRefusal) -> StoreRequest? {
        var asked = try terms.map { terms throws(WireRefusal) in try SendTerms(terms) } ?? SendTerms()
        let held = terms?.acknowledging
        let holder = (held?.holder as? LocalHolder).flatMap { self.endpoint(of: $0) }
        // What another layer of this process holds is acknowledged behind it.
        if holder != nil { asked.acknowledges = held?.tag }
        var request: StoreRequest?
        let bytes = body.messagePack
        if let store {
            request = try self.core.send(
                bytes.span, .messagePack, to: channel, in: store, ifHeard: ifHeard, bounds, asked, by: holder?.id, nil)
        } else {
            _ = try self.core.send(
                bytes.span, .messagePack, to: channel, form, ifHeard: ifHeard, bounds, asked, by: holder?.id ?? 0, nil)
            if let holder, let tag = asked.acknowledges, let store = self.core.store {
                request = self.core.acknowledging(tag, heldBy: holder.id, in: store, "OK\n")
            }
        }
        if let holder {
            held?.end()
            holder.endIfDone()
        } else {
            held?.say(.done) { _ in }
        }
        return request
    }
}

extension SendTerms {
    fileprivate init(_ terms: MessageTerms) throws(WireRefusal) {
        self.init(delay: terms.delayInMilliseconds, once: terms.once)
        if let delay, !(1...Self.longestDelay).contains(delay) {
            throw .option("In is 1 to \(Self.longestDelay) ms")
        }
        if let once, !(1...Self.mostKeyBytes).contains(once.utf8.count) || !once.utf8.allSatisfy(Name.isNameByte) {
            throw .option("Once is 1 to \(Self.mostKeyBytes) of A-Z a-z 0-9 - _ .")
        }
    }
}

extension HeldMessage {
    fileprivate var tag: DeliveryTag? { DeliveryTag(Array(self.id.utf8).span) }
}
