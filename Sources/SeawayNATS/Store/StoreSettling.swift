package import SeawayStore
package import SeawayWire

/// What becomes of messages: the engine is told until it has heard it.
extension JetStreamStore {
    /// One thing that the engine is to be told.
    struct Errand {
        enum What {
            /// To where a delivery is told of.
            case tell(reply: String, Acknowledgement)
            /// A message that is not in hand here is to be never delivered again.
            case remove
            case bury(reply: String, StoreDeath)
        }

        var what: What
        let key: HeldKey
        let place: DurablePlaces.Place
        let then: (StoreFault?) -> Void
    }

    package func acknowledge(_ place: StorePlace, of channel: Name, then: @escaping (StoreFault?) -> Void) {
        let answer = { (fault: StoreFault?) in
            if fault == nil { self.counters.acknowledged += 1 }
            then(fault)
        }
        guard let standing = self.place(of: channel) else {
            return self.soon { answer(.unsupported("\(channel) is no durable channel")) }
        }
        let key = standing.key(place.sequence)
        let what = self.held.release(key).map { Errand.What.tell(reply: $0, .done) } ?? .remove
        self.settle(Errand(what: what, key: key, place: standing, then: answer), isOver: true)
    }

    package func giveBack(_ place: StorePlace, of channel: Name, after delay: Int) {
        guard let standing = self.place(of: channel) else { return }
        self.giveBack(standing.key(place.sequence), standing, after: delay)
    }

    func giveBack(_ key: HeldKey, _ place: DurablePlaces.Place, after delay: Int) {
        guard let reply = self.held.release(key) ?? self.takeBack(key) else { return }
        self.counters.givenBack += 1
        let what = Errand.What.tell(reply: reply, .again(after: delay))
        self.settle(Errand(what: what, key: key, place: place, then: { _ in }), isOver: false)
    }

    /// What was to be over, and was answered with a fault, is not to be over after all.
    ///
    /// - Returns: where the engine is told of it.
    private func takeBack(_ key: HeldKey) -> String? {
        guard let number = self.settled.removeValue(forKey: key), let errand = self.settling.errand(number) else {
            return nil
        }
        if let unanswered = self.settling.finish(number) { self.soon { unanswered.then(.unknown) } }
        return switch errand.what {
        case .tell(let reply, _), .bury(let reply, _): reply
        case .remove: nil
        }
    }

    package func giveUp(
        _ place: StorePlace, of channel: Name, _ death: StoreDeath, then: @escaping (StoreFault?) -> Void
    ) {
        guard let standing = self.place(of: channel) else {
            return self.soon { then(.unsupported("\(channel) is no durable channel")) }
        }
        let key = standing.key(place.sequence)
        guard let reply = self.held.release(key) else { return self.soon { then(nil) } }
        self.counters.dead += 1
        self.settle(Errand(what: .bury(reply: reply, death), key: key, place: standing, then: then), isOver: true)
    }

    /// What was to come later stands on its channel now.
    func settleMoved(_ key: HeldKey, _ place: DurablePlaces.Place, reply: String) {
        self.settle(Errand(what: .tell(reply: reply, .done), key: key, place: place, then: { _ in }), isOver: true)
    }

    /// - Parameter isOver: whether the message is to be delivered no more, should it come again meanwhile.
    private func settle(_ errand: Errand, isOver: Bool) {
        guard let number = self.settling.add(errand, at: NATSClient.now) else {
            return self.soon { errand.then(.unavailable("too much is to be told to the NATS servers")) }
        }
        if isOver { self.settled[errand.key] = number }
        self.attempt(number, errand)
    }

    /// A message has come again of which the engine has not heard yet that it is over.
    func settleAgain(_ number: UInt64, reply: String) {
        guard let errand = self.settling.errand(number) else { return }
        self.client.acknowledge(reply, .working, patience: self.configuration.patience) { _ in }
        if case .tell = errand.what { self.tell(number, reply, .done) }
    }

    func settleDue(at now: Int) {
        let due = self.settling.timePassed(at: now)
        for (errand, isDoubtful) in due.overdue {
            errand.then(isDoubtful ? .unknown : .unavailable("the NATS servers do not answer"))
        }
        for errand in due.dropped { self.settled[errand.key] = nil }
        for number in due.tries {
            if let errand = self.settling.errand(number) { self.attempt(number, errand) }
        }
    }

    private func finish(_ number: UInt64, _ fault: StoreFault?) {
        guard let (errand, isAnswered) = self.settling.end(number) else { return }
        if let place = self.settled.index(forKey: errand.key), self.settled[place].value == number {
            self.settled.remove(at: place)
        }
        if !isAnswered { errand.then(fault) }
    }

    private func attempt(_ number: UInt64, _ errand: Errand) {
        switch errand.what {
        case .tell(let reply, let acknowledgement): self.tell(number, reply, acknowledgement)
        case .remove: self.remove(number, errand)
        case .bury(let reply, let death): self.bury(number, errand, reply, death)
        }
    }

    /// Half the patience, so that there is a second attempt within it.
    private var attemptPatience: Int { max(1, self.configuration.patience / 2) }

    private func tell(_ number: UInt64, _ reply: String, _ acknowledgement: Acknowledgement) {
        self.client.acknowledge(reply, acknowledgement, patience: self.attemptPatience) { outcome in
            switch (outcome, acknowledgement) {
            case (.answered, _): self.finish(number, nil)
            // Said twice it could come back from whoever has it by then; it comes back by itself.
            case (.unknown, .again): self.finish(number, nil)
            case (.unknown, _): self.settling.failed(number, isDoubtful: true, at: NATSClient.now)
            case (.noResponders, _), (.notSent, _):
                self.settling.failed(number, isDoubtful: false, at: NATSClient.now)
            }
        }
    }

    // MARK: What is not in hand here

    private func remove(_ number: UInt64, _ errand: Errand) {
        guard let sequence = Int(exactly: errand.key.sequence), sequence > 0 else { return self.finish(number, nil) }
        // Of the leader, since another may not know a message yet that has been delivered.
        let call = JetStreamCall.subject(in: errand.place.stream, at: sequence)
        self.client.call(call, patience: self.attemptPatience) { [weak self] result in
            guard let self else { return }
            switch result {
            // Of another channel nothing is changed: who may listen on this one may not on that.
            case .success(let subject) where subject != errand.place.subject: self.finish(number, nil)
            case .success: self.removeChecked(number, errand, sequence)
            case .failure(let fault) where fault.isMissing: self.lookForMissing(number, errand, sequence)
            case .failure(let fault): self.failed(number, fault)
            }
        }
    }

    private func removeChecked(_ number: UInt64, _ errand: Errand, _ sequence: Int) {
        let call = JetStreamCall.remove(from: errand.place.stream, at: sequence)
        self.client.call(call, patience: self.attemptPatience) { [weak self] result in
            switch result {
            case .success: self?.finish(number, nil)
            case .failure(let fault): self?.failed(number, fault)
            }
        }
    }

    /// A server does not know a message: it is gone, or not there yet.
    ///
    /// Each server stores by itself what a majority has, and the leader of the stream is not always the first: another
    /// may have delivered the message, and a worker be done with it, a moment before the leader has it. So it is gone
    /// when the leader does not know it though it has stored as far as that.
    private func lookForMissing(_ number: UInt64, _ errand: Errand, _ sequence: Int) {
        self.client.call(.stream(errand.place.stream), patience: self.attemptPatience) { [weak self] result in
            switch result {
            case .success(let info) where info.lastSequence < sequence:
                self?.settling.failed(number, isDoubtful: false, at: NATSClient.now)
            case .success: self?.endIfGone(number, errand, sequence)
            case .failure(let fault): self?.failed(number, fault)
            }
        }
    }

    private func endIfGone(_ number: UInt64, _ errand: Errand, _ sequence: Int) {
        let call = JetStreamCall.subject(in: errand.place.stream, at: sequence)
        self.client.call(call, patience: self.attemptPatience) { [weak self] result in
            switch result {
            // It has come meanwhile.
            case .success: self?.settling.failed(number, isDoubtful: false, at: NATSClient.now)
            case .failure(let fault): self?.failed(number, fault)
            }
        }
    }

    private func failed(_ number: UInt64, _ fault: JetStreamFault) {
        // It is gone: acknowledged by another, or dropped.
        if fault.isMissing { return self.finish(number, nil) }
        switch StoreFault(fault) {
        case .unsupported(let words): self.finish(number, .unsupported(words))
        case .unavailable: self.settling.failed(number, isDoubtful: false, at: NATSClient.now)
        case .unknown: self.settling.failed(number, isDoubtful: true, at: NATSClient.now)
        }
    }

    // MARK: Dead letters

    /// Looks at the message, puts it where dead letters are, and only then has it done; the key makes it come there
    /// once.
    private func bury(_ number: UInt64, _ errand: Errand, _ reply: String, _ death: StoreDeath) {
        guard let dead = self.places.deadPlace(of: errand.place) else { return self.tell(number, reply, .done) }
        try? self.client.acknowledge(reply, .working)
        let sequence = Int(clamping: errand.key.sequence)
        let call = JetStreamCall.message(of: errand.place.stream, at: sequence)
        self.client.call(call, patience: self.attemptPatience) { [weak self] result in
            switch result {
            case .success(let message): self?.bury(number, errand, message, dead, reply, death)
            case .failure(let fault) where fault.isMissing: self?.lookForMissing(number, errand, sequence)
            case .failure(let fault): self?.failed(number, fault)
            }
        }
    }

    private func bury(
        _ number: UInt64, _ errand: Errand, _ message: StoredMessage, _ dead: DurablePlaces.Place, _ reply: String,
        _ death: StoreDeath
    ) {
        let id = "dead:\(errand.place.channel):\(errand.key.sequence)"
        let headers = StoredHeaders.dead(message.headers, death, to: dead.stream, id: id)
        self.client.store(message.payload, at: dead.subject, headers: headers, patience: self.attemptPatience) {
            [weak self] outcome in
            switch outcome {
            case .stored: self?.tell(number, reply, .done)
            case .refused(let refusal): self?.finish(number, .unsupported(refusal.description))
            case .tooLarge:
                // With why it died it does not fit any more.
                self?.finish(number, .unsupported("it is larger than max_payload of the NATS servers allows"))
            case .full, .notStored: self?.settling.failed(number, isDoubtful: false, at: NATSClient.now)
            case .unknown, .refusedByOne: self?.settling.failed(number, isDoubtful: true, at: NATSClient.now)
            }
        }
    }
}
