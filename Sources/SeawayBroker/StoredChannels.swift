import SeawayHub
import SeawayMessage
package import SeawayStore
import SeawayWire

/// Channels whose messages a store keeps (D17 to D24): what it is asked, and what it delivers.
extension BrokerCore {
    /// The one that keeps a channel's messages; `nil`: this broker does.
    func store(of channel: Name) -> (any MessageStore)? {
        guard let store = self.store, store.keeps(channel.bytes.span) else { return nil }
        return store
    }

    // MARK: Requests

    /// Has a message kept, in the order of refusals of A4.
    func send(
        _ body: Span<UInt8>, _ format: BodyFormat, to channel: Span<UInt8>, in store: any MessageStore, ifHeard: Bool,
        _ bounds: SendBounds?, _ terms: SendTerms?, by id: PeerID?, _ isWellFormed: Bool?
    ) throws(WireRefusal) -> StoreRequest {
        if terms?.report != nil { throw .reportOfStore }
        if self.isClosing { throw .closing }
        guard isWellFormed ?? Self.isWellFormed(body, format) else { throw .payload }
        if ifHeard, !self.hub.isHeard(channel, .normal) { throw .away }
        guard self.hub.hasRoom(for: body.count) else { throw self.hub.isFull }
        let bytes = (format == .json ? JSONLine(body)?.bytes : nil) ?? body.array
        let name = Name(checked: channel.array)
        let storeTerms = StoreTerms(
            delay: terms?.delay, once: terms?.once, expiry: bounds?.expiry, capacity: bounds?.capacity(of: name))
        // Whoever is not to be told of more is not kept for it.
        let sender = terms?.acknowledges == nil ? nil : id.flatMap(self.endpoint)
        return StoreRequest(orElse: .maybe, held: bytes.count) { answer in
            store.send(bytes.span, format, to: name, storeTerms) { outcome in
                switch outcome {
                case .stored: self.noteStored(bytes.span, format, on: name)
                case .repeated: break
                case .full(let most): return answer(.refused(.full(by: .messages, most: most)))
                case .failed(let fault): return answer(.refused(fault.refusal))
                }
                let line = outcome == .repeated ? "OK once=1\n" : "OK\n"
                guard let tag = terms?.acknowledges, let sender, self.endpoint(sender.id) === sender else {
                    return answer(.line(line))
                }
                if let request = self.acknowledging(tag, heldBy: sender.id, in: store, line) {
                    return request.ask(answer)
                }
                self.hub.acknowledge(tag, heldBy: sender.id)
                self.carryOutEffects()
                answer(.line(line))
            }
        }
    }

    /// Has something said when a store has taken too long (A2).
    func whenLate(_ call: @escaping () -> Void) {
        self.storeDeadlines.append((self.now + self.configuration.storePatience, call))
    }

    private func noteStored(_ body: Span<UInt8>, _ format: BodyFormat, on name: Name) {
        self.hub.noteStored(on: name)
        if self.hub.hasCopies { self.pushCopies(body, format, group: nil) }
    }

    /// Acknowledges what a connection holds of a store, behind a message that was taken (S13, D21); `nil`: it holds no
    /// such.
    ///
    /// - Parameter line: the answer, whatever becomes of it.
    func acknowledging(
        _ tag: DeliveryTag, heldBy id: PeerID, in store: any MessageStore, _ line: String
    ) -> StoreRequest? {
        guard let held = self.hub.letGo(tag, heldBy: id) else { return nil }
        self.carryOutEffects()
        return StoreRequest(orElse: nil) { answer in
            store.acknowledge(StorePlace(held.place), of: held.channel) { fault in
                if fault != nil { self.takeBack(held.place, of: held.channel) }
                answer(.line(line))
            }
        }
    }

    /// Acknowledges what a store has, wherever it was delivered (D21); `nil`: none of the tags is of that kind.
    func acknowledging(_ tags: [DeliveryTag], of channel: Name, in store: any MessageStore) -> StoreRequest? {
        let places = tags.compactMap { $0.place(on: channel.bytes.span) }
        guard !places.isEmpty else { return nil }
        return StoreRequest(orElse: .maybe) { answer in
            var left = places.count
            var worst: StoreFault?
            for place in places {
                let wasHere = self.hub.letGo(place, of: channel.bytes.span)
                store.acknowledge(StorePlace(place), of: channel) { fault in
                    if fault != nil, wasHere { self.takeBack(place, of: channel) }
                    if worst != .unknown { worst = fault ?? worst }
                    left -= 1
                    if left == 0 { answer(worst.map { .refused($0.refusal) } ?? .line("OK\n")) }
                }
            }
            self.carryOutEffects()
        }
    }

    /// Has a message end in its store (D14).
    func ending(_ end: StoredEnd) -> StoreRequest {
        StoreRequest(orElse: .maybe) { answer in
            self.carryOut(end) { answer($0.map { .refused($0.refusal) } ?? .line("OK\n")) }
        }
    }

    private func carryOut(_ end: StoredEnd, then: @escaping (StoreFault?) -> Void) {
        guard let store = self.store else { return }
        let done: (StoreFault?) -> Void = { fault in
            if fault != nil { self.takeBack(end.place, of: end.channel) }
            then(fault)
        }
        guard let death = end.death else {
            return store.acknowledge(StorePlace(end.place), of: end.channel, then: done)
        }
        let since = self.now - death.at
        let told = StoreDeath(
            cause: death.cause.rawValue, times: death.times, at: self.wallClock() - since, why: death.why)
        store.giveUp(StorePlace(end.place), of: end.channel, told, then: done)
    }

    /// What should have ended has not, or nobody knows: it is to be delivered again.
    private func takeBack(_ place: UInt64, of channel: Name) {
        self.store?.giveBack(StorePlace(place), of: channel, after: self.configuration.hub.returnDelay)
    }

    // MARK: What follows from what the hub has done

    /// Tells the store what is not in hand any more.
    func tellStore(_ effect: HubEffect) {
        guard let store = self.store else { return }
        switch effect {
        case .giveBack(let name, let place, let delay): store.giveBack(StorePlace(place), of: name, after: delay)
        case .giveUp(let end): self.carryOut(end) { _ in }
        case .finish(let name, let place): store.acknowledge(StorePlace(place), of: name) { _ in }
        case .confirm(let name, let place):
            store.acknowledge(StorePlace(place), of: name) { self.confirm(place, of: name, $0) }
        default: break
        }
    }

    /// Delivers what is done, to somebody who does not acknowledge (D20).
    private func confirm(_ place: UInt64, of name: Name, _ fault: StoreFault?) {
        self.readClock()
        self.allowWork()
        if fault != nil {
            self.hub.unconfirmed(place, of: name)
        } else if let (id, delivery) = self.hub.confirmed(place, of: name, now: self.now),
            let endpoint = self.endpoint(id)
        {
            self.push(delivery, to: endpoint, mayWait: true)
        }
        self.carryOutEffects()
    }

    /// Says of which channels how much can be taken.
    func tellDemands() {
        guard let store = self.store else { return }
        for (channel, count) in self.hub.takeDemands() { store.setDemand(count, of: channel) }
    }
}

extension BrokerCore: MessageStoreUser {
    package func arrived(_ delivery: StoreDelivery, body: Span<UInt8>) {
        self.readClock()
        // Nobody has asked for it.
        self.hub.payer = 0
        self.asking = nil
        let death = delivery.death.map { death in
            Death(
                Death.Cause(rawValue: death.cause) ?? .nak, times: death.times,
                at: self.now - max(0, self.wallClock() - death.at), why: death.why)
        }
        let outcome = self.hub.arrive(
            on: delivery.channel, delivery.place.sequence, times: delivery.times, death, body: self.bodies.nextID,
            size: body.count, now: self.now)
        switch outcome {
        case .taken:
            self.insert(body, delivery.format)
            self.allowWork()
            self.carryOutEffects()
        case .known: break
        case .refused(let delay): self.store?.giveBack(delivery.place, of: delivery.channel, after: delay)
        }
    }

    package func storeChanged(_ state: StoreState) {
        self.storeState = state
        self.noteStore(state)
    }
}

extension WireRefusal {
    /// A broker reports of what it has in memory; of what a store keeps any of its brokers might have to (S14).
    static var reportOfStore: WireRefusal { .option("Report is for channels that no store keeps") }
}

extension StoreFault {
    /// What a client is told.
    var refusal: WireRefusal {
        switch self {
        case .unavailable(let text): .store(text)
        case .unknown: .maybe
        case .unsupported(let text): .option(text)
        }
    }
}
