import DequeModule
package import SeawayWire

/// Messages out: what waits, to who has credit (section 6).
extension Hub {
    /// Grants credit (R1 to R4); what it makes deliverable is then got by ``next(for:now:)``.
    ///
    /// - Parameter name: a name that the connection listens on, for its own pool; any other is passed over.
    package func ready(_ id: PeerID, _ count: Int, _ name: Name?) {
        let peer = self.peer(id)
        guard let name else {
            peer.pool.grant(count)
            self.work += peer.readers.count * Work.look / 8
            for reader in peer.readers where reader.pool === peer.pool { reader.wake() }
            peer.mayTake = .any
            return
        }
        guard let reader = peer.reader(of: name) else { return }
        if reader.pool === peer.pool {
            reader.takeOwnCreditPool()
            reader.pool.isBlocked = peer.isBlocked
            self.ledger.pay(Cost.reader, by: peer.payer)
        }
        reader.pool.grant(count)
        reader.wake()
        peer.noteCredit(of: reader)
    }

    /// Whether ``next(for:now:)`` may have something.
    package func mayHaveMore(for id: PeerID) -> Bool {
        guard self.queuedMessages > 0 else { return false }
        let peer = self.peer(id)
        if case .nothing = peer.mayTake { return false }
        return !peer.isBlocked
    }

    /// Takes the next waiting message that may be pushed to a connection; `nil` when there is none.
    package func next(for id: PeerID, now: Int) -> WaitingDelivery? {
        guard self.queuedMessages > 0 else { return nil }
        let peer = self.peer(id)
        guard !peer.isBlocked else { return nil }
        switch peer.mayTake {
        case .nothing: return nil
        case .one(let reader):
            peer.turn = reader.place + 1
            if let delivery = self.next(from: reader, now: now) { return delivery }
        case .any:
            for _ in 0..<peer.readers.count {
                if peer.turn >= peer.readers.count { peer.turn = 0 }
                let reader = peer.readers[peer.turn]
                peer.turn += 1
                if let delivery = self.next(from: reader, now: now) { return delivery }
            }
        }
        peer.mayTake = .nothing
        return nil
    }

    @inline(__always)
    private func next(from reader: Reader, now: Int) -> WaitingDelivery? {
        self.work += Work.look
        guard reader.pool.credit > 0, !reader.isLaden, let delivery = self.take(for: reader, now: now) else {
            return nil
        }
        reader.pool.pay()
        self.counters.delivered += delivery.names.count
        self.work += Work.change * delivery.names.count
        return delivery
    }

    /// Something may wait for a reader: its connection is to be asked.
    func offer(_ reader: Reader) {
        reader.peer.noteCredit(of: reader)
        self.effects.append(.deliverable(reader.peer.id))
    }

    private func take(for reader: Reader, now: Int) -> WaitingDelivery? {
        switch reader.target {
        case .channel(let channel):
            if channel.isStored, !reader.acknowledges {
                self.confirmWaiting(of: channel, for: reader, now: now)
                guard reader.pool.credit > 0 else { return nil }
            }
            guard !channel.isPaused, let message = self.pop(channel, now: now, toBeHeld: reader.acknowledges) else {
                return nil
            }
            var handover: Handover?
            // First, since it is over where nobody is to acknowledge it.
            let death = message.death
            if reader.acknowledges {
                handover = self.hold(message, of: channel, by: reader, now: now)
                // There is no room for one more that is held: it is delivered for good.
                if handover == nil { self.ledger.count(message, in: false) } else { channel.handedOut -= 1 }
            } else {
                self.endLease(of: message)
            }
            return WaitingDelivery(
                body: message.body, group: message.group, names: [channel.name], handover: handover,
                death: death)
        case .mailbox(let mailbox):
            while let channel = mailbox.backlog.popFirst() {
                channel.isInBacklog = false
                self.work += Work.look
                guard !channel.isPaused, channel.readers.isEmpty, let message = self.pop(channel, now: now) else {
                    self.dropIfUnused(channel)
                    continue
                }
                return self.delivery(of: message, from: channel, now: now)
            }
            return nil
        }
    }

    /// Adds other channels of the mailbox in which the same group message is next (D5), in the order of the group.
    private func delivery(of message: QueuedMessage, from channel: Channel, now: Int) -> WaitingDelivery {
        var names: [Name] = []
        if let siblings = message.siblings {
            self.gather(message, siblings, from: channel, now: now, &names)
        } else {
            names = [channel.name]
        }
        channel.enterBacklog()
        self.dropIfUnused(channel)
        return WaitingDelivery(body: message.body, group: message.group, names: names)
    }

    /// Goes on where the frame before has ended, until the line is full.
    ///
    /// Passes over a few channels, and one more for each that it takes, in which the message is not next: so a backlog
    /// costs no more than its channels, however many frames it takes and whatever else waits in them.
    private func gather(
        _ message: QueuedMessage, _ siblings: Siblings, from channel: Channel, now: Int, _ names: inout [Name]
    ) {
        let own = Int(message.place)
        var room = GroupLine.room(group: message.group) - channel.name.bytes.count - 1
        var patience = Siblings.fewPassedOver
        var place = min(siblings.resume, own)
        var end = place
        var hasOwn = false
        while place < siblings.channels.count, patience > 0 {
            let sibling = siblings.channels[place]
            self.work += Work.look
            if place == own {
                names.append(channel.name)
                hasOwn = true
            } else if self.isNext(message, in: sibling, now: now) {
                guard room > sibling.name.bytes.count else { break }
                _ = self.pop(sibling, now: now)
                names.append(sibling.name)
                room -= sibling.name.bytes.count + 1
                self.dropIfUnused(sibling)
            } else {
                patience -= 1
                place += 1
                continue
            }
            patience += 1
            place += 1
            end = place
        }
        if !hasOwn {
            names.append(channel.name)
            end = own + 1
        }
        siblings.resume = max(siblings.resume, end)
    }

    private func isNext(_ message: QueuedMessage, in sibling: Channel, now: Int) -> Bool {
        guard let first = sibling.queue.first, first.siblings === message.siblings, first.body == message.body else {
            return false
        }
        return !sibling.isPaused && sibling.readers.isEmpty && now < first.deadline
    }

    /// Takes the oldest message that has not expired.
    ///
    /// - Parameter toBeHeld: what it takes in memory counts on.
    private func pop(_ channel: Channel, now: Int, toBeHeld: Bool = false) -> QueuedMessage? {
        self.dropExpired(in: channel, now: now)
        guard let message = channel.queue.popFirst() else { return nil }
        channel.handedOut += 1
        // What comes again, or was to come later, has waited for something else.
        if message.lease == nil { self.waits.note(now - message.began) }
        self.channels.note(message, leaving: channel)
        if !toBeHeld { self.ledger.count(message, in: false) }
        self.channels.noteRoom(of: channel)
        if !channel.watches.isEmpty {
            self.presence.noteEnd(of: message, in: channel, isLost: false, self.ledger, self.effects)
        }
        return message
    }

    func account(for message: QueuedMessage, leaving channel: Channel) {
        self.channels.note(message, leaving: channel)
        self.ledger.count(message, in: false)
    }

    /// A message that was delivered before, and waited to be again, leaves for good.
    func endLease(of message: QueuedMessage) {
        if let lease = message.lease { self.endLease(lease) }
    }

    /// Drops messages and counts why.
    func drop(_ message: QueuedMessage, from channel: Channel, _ reason: HubCounters.Drop) {
        if message.past != nil { self.report(message, of: channel, DeliveryReport.Why(reason), times: message.times) }
        self.account(for: message, leaving: channel)
        if let place = message.lease?.stored {
            self.demands.note(channel)
            self.endLease(of: message)
            self.effects.release(message.body)
            guard reason == .flushed else {
                return self.effects.append(.giveBack(channel.name, place, after: 0))
            }
            channel.dropped += 1
            self.counters.dropped[reason, default: 0] += 1
            return self.effects.append(.finish(channel.name, place))
        }
        self.endLease(of: message)
        channel.dropped += 1
        if !channel.watches.isEmpty {
            self.presence.noteEnd(of: message, in: channel, isLost: true, self.ledger, self.effects)
        }
        self.counters.dropped[reason, default: 0] += 1
        self.effects.release(message.body)
    }

    func dropAll(in channel: Channel, _ reason: HubCounters.Drop) {
        while let message = channel.queue.popFirst() { self.drop(message, from: channel, reason) }
        self.channels.noteRoom(of: channel)
    }

    func dropExpired(in channel: Channel, now: Int, until limit: Int = .max) {
        while let first = channel.queue.first, first.deadline <= now, self.work < limit {
            self.work += Work.change
            channel.queue.removeFirst()
            self.drop(first, from: channel, .expired)
            self.channels.noteRoom(of: channel)
        }
    }
}

/// How many bytes of names the line of a `MSG` has room for (F3, G4).
enum GroupLine {
    /// `MSG :` with the longest size that is ever pushed, and the words around the names.
    static func room(group: Name?) -> Int {
        WireLimits().maxLine - "MSG :67108864".utf8.count - (group.map { " group=".utf8.count + $0.bytes.count } ?? 0)
    }
}
