import DequeModule
package import SeawayWire

/// How a message is delivered that is to be acknowledged (D9).
package struct Handover: Hashable, Sendable {
    package let tag: UInt64
    /// Where it stands in the store that keeps it; `nil`: in none.
    package var stored: UInt64?
    /// How often it was delivered, this time included.
    package let times: Int
}

/// Messages that are acknowledged: held, done, given back, given up (D9 to D15).
extension Hub {
    /// How many messages connections hold.
    package var heldMessages: Int { self.leases.held }

    /// How many of them one holds.
    package func heldMessages(by id: PeerID) -> Int { self.peer(id).leases.count }

    /// A message is in a connection's hand from now on; that it counts is the caller's care.
    ///
    /// - Parameter isPaid: that its lease counts is too.
    /// - Returns: `nil` when there is no room for one more; then it is taken for good.
    func hold(
        _ message: QueuedMessage, of channel: Channel, by reader: Reader, isPaid: Bool = false, now: Int
    ) -> Handover? {
        let known = message.lease
        guard let lease = known ?? self.makeLease(of: message, channel, .held, isPaid: isPaid) else { return nil }
        let peer = reader.peer
        self.leases.give(lease, to: peer.id, &peer.leases, until: now + self.configuration.hold)
        if peer.leases.isFull { self.counters.laden += 1 }
        channel.held += 1
        self.setHoldAlarm(for: peer)
        return Handover(tag: lease.tag, stored: lease.stored, times: lease.times)
    }

    /// Messages are done: never delivered again, wherever they are by now (D10).
    package func acknowledge(_ tags: [DeliveryTag], of channel: Name) {
        for tag in tags { self.acknowledge(tag, of: channel.bytes.span) }
    }

    /// One of them.
    package func acknowledge(_ tag: DeliveryTag, of channel: Span<UInt8>) {
        self.work += Work.change
        if let lease = self.leases.find(tag, on: channel) { self.acknowledge(lease) }
    }

    /// Acknowledges what a connection holds, whatever its channel (S13).
    package func acknowledge(_ tag: DeliveryTag, heldBy id: PeerID) {
        guard let number = tag.number, let lease = self.leases.find(number), lease.holder == id else {
            return
        }
        self.acknowledge(lease)
    }

    func acknowledge(_ lease: Lease) {
        let channel = lease.channel
        switch lease.state {
        case .held: self.takeFromHolder(lease)
        case .confirming: self.endConfirming(lease)
        case .delayed: self.delays.end(lease, self.ledger)
        case .queued: self.takeFromQueue(lease, channel)
        }
        channel.handedOut += 1
        self.counters.acknowledged += 1
        self.end(lease)
    }

    /// A connection gives back what it holds (D11).
    ///
    /// - Returns: what is to be asked of the store that keeps it, before this is answered; `nil`: nothing.
    @discardableResult
    package func giveBack(
        _ id: PeerID, _ tag: DeliveryTag, of channel: Name, _ terms: GiveBack, now: Int
    ) throws(WireRefusal) -> StoredEnd? {
        let lease = try self.lease(of: tag, on: channel, heldBy: id)
        self.takeFromHolder(lease)
        guard terms.isDead else {
            let delay = terms.delay ?? Self.backoff(lease.times)
            if terms.isUnbegun { self.leases.uncount(lease) }
            self.returned(lease, after: delay, isCounted: !terms.isUnbegun, now: now)
            return nil
        }
        self.counters.returned += 1
        if let place = lease.stored {
            return self.endInStore(lease, place, Death(.nak, times: lease.times, at: now, why: terms.why))
        }
        self.giveUp(lease, .nak, terms.why, now: now)
        return nil
    }

    /// A second, doubled each time, five minutes at most.
    private static func backoff(_ times: Int) -> Int { min(1_000 << min(times - 1, 20), 300_000) }

    /// What a connection holds is held anew: all or none (D12).
    package func hold(_ id: PeerID, _ tags: [DeliveryTag], of channel: Name, now: Int) throws(WireRefusal) {
        var leases: [Lease] = []
        for tag in tags { leases.append(try self.lease(of: tag, on: channel, heldBy: id)) }
        self.work += Work.change * tags.count
        let peer = self.peer(id)
        for lease in leases { self.leases.renew(lease, &peer.leases, until: now + self.configuration.hold) }
    }

    private func lease(of tag: DeliveryTag, on channel: Name, heldBy id: PeerID) throws(WireRefusal) -> Lease {
        let found =
            if let place = tag.place(on: channel.bytes.span) {
                self.channels.find(channel)?.stored[place]
            } else {
                self.leases.find(tag, on: channel.bytes.span)
            }
        guard let lease = found, lease.holder == id else { throw .late }
        return lease
    }

    /// A connection is gone, or says goodbye: it holds nothing any more (D13).
    func giveBackAll(of peer: Peer, after delay: Int, now: Int) {
        _ = self.giveBack(of: peer, heldUntil: .max, after: delay, now: now)
    }

    /// What was held for too long comes back (D13).
    func endHold(of peer: Peer, now: Int) {
        peer.hasHoldAlarm = false
        self.counters.overdue += self.giveBack(of: peer, heldUntil: now, after: 0, now: now)
        self.setHoldAlarm(for: peer)
    }

    /// What a connection may hold no longer than until some time comes back.
    ///
    /// - Returns: how many that were.
    private func giveBack(of peer: Peer, heldUntil limit: Int, after delay: Int, now: Int) -> Int {
        let leases = peer.leases.held(until: limit)
        self.work += Work.change * leases.count
        // One at a time: the channel of what is still held is not forgotten.
        for lease in leases where lease.asker != nil {
            self.takeFromHolder(lease)
            self.forget(lease, .reported, .lost)
        }
        // The last first where they come back at once, since each comes to the front.
        let others = leases.filter { $0.isLive && $0.asker == nil }
        for lease in delay == 0 ? others.reversed() : others {
            self.takeFromHolder(lease)
            self.returned(lease, after: delay, now: now)
        }
        return leases.count
    }

    private func setHoldAlarm(for peer: Peer) {
        guard !peer.hasHoldAlarm, let oldest = peer.leases.oldest else { return }
        peer.hasHoldAlarm = true
        self.insert(Alarm(at: oldest.until, kind: .hold(peer)))
    }

    // MARK: Coming back

    /// Nobody has it in hand: it waits again, or has been delivered often enough.
    private func returned(_ lease: Lease, after delay: Int, isCounted: Bool = true, now: Int) {
        self.counters.returned += 1
        if isCounted, lease.times >= lease.channel.rules.tries, !lease.channel.name.isForDeadLetters {
            self.counters.worn += 1
            if let place = lease.stored {
                let death = Death(.tries, times: lease.times, at: now, why: nil)
                self.effects.append(.giveUp(self.endInStore(lease, place, death)))
            } else {
                self.giveUp(lease, .tries, nil, now: now)
            }
        } else if lease.stored != nil {
            self.giveBackToStore(lease, after: delay)
        } else if delay > 0 {
            self.delays.begin(lease, until: now + delay, self.ledger)
        } else {
            self.enqueueAgain(lease)
        }
    }

    private func takeFromHolder(_ lease: Lease) {
        let peer = self.peer(lease.holder)
        let wasFull = peer.leases.isFull
        self.leases.take(lease, from: &peer.leases)
        lease.channel.held -= 1
        peer.pool.noteDemand()
        guard wasFull else { return }
        for reader in peer.readers where reader.acknowledges {
            reader.wake()
            reader.pool.noteDemand()
        }
        peer.mayTake = .any
        self.effects.append(.deliverable(peer.id))
    }

    private func takeFromQueue(_ lease: Lease, _ channel: Channel) {
        // Those that were delivered before stand in front.
        guard let position = channel.queue.firstIndex(where: { $0.lease === lease }) else { return }
        self.work += Work.look * (position + 1) / 8
        let message = channel.queue.remove(at: position)
        self.channels.note(message, leaving: channel)
    }

    /// Makes it a dead letter, once (D14).
    private func giveUp(_ lease: Lease, _ cause: Death.Cause, _ why: String?, now: Int) {
        guard lease.asker == nil else { return self.forget(lease, .reported, cause == .nak ? .nak : .tries, why) }
        let channel = lease.channel
        guard !channel.name.isForDeadLetters,
            let dead = self.makeChannel(Name(checked: channel.name.bytes + Name.deadSuffix), .normal)
        else { return self.forget(lease, .dead, .dead) }
        self.dropExpired(in: dead, now: now)
        while dead.queue.count >= dead.rules.capacity.messages, let first = dead.queue.popFirst() {
            self.drop(first, from: dead, .dead)
        }
        var message = lease.message
        message.death = Death(cause, times: lease.times, at: now, why: why)
        message.deadline = now + dead.rules.expiry
        self.endLease(lease)
        self.counters.dead += 1
        channel.dropped += 1
        self.channels.enter(message, dead, atFront: false)
        self.setAlarm(for: dead)
        self.offer(dead)
        self.dropIfUnused(channel)
    }

    // MARK: What it costs

    /// - Parameter isPaid: the caller sees to what it costs.
    /// - Returns: `nil` when there is no room for one more.
    func makeLease(
        of message: QueuedMessage, _ channel: Channel, _ state: Lease.State, isPaid: Bool = false
    ) -> Lease? {
        guard let lease = self.leases.insert(message, of: channel, state) else { return nil }
        if !isPaid { self.ledger.pay(Cost.lease, by: message.payer) }
        return lease
    }

    /// The lease is over, whatever becomes of its message.
    func endLease(_ lease: Lease) {
        let payer = lease.payer
        self.remove(lease)
        self.ledger.pay(-Cost.lease, by: payer)
    }

    private func remove(_ lease: Lease) {
        if let stored = lease.stored { lease.channel.stored[stored] = nil }
        self.leases.remove(lease)
    }

    /// Drops what stands in no queue and in nobody's hand.
    ///
    /// - Parameter why: for who wants to be told, with what its holder has said.
    func forget(_ lease: Lease, _ reason: HubCounters.Drop, _ why: DeliveryReport.Why, _ text: String? = nil) {
        if lease.asker != nil { self.report(lease.message, of: lease.channel, why, times: lease.times, text) }
        lease.channel.dropped += 1
        self.counters.dropped[reason, default: 0] += 1
        self.end(lease)
    }

    func end(_ lease: Lease) {
        let (channel, body) = (lease.channel, lease.body)
        self.ledger.count(-lease.cost, lease: -Cost.lease, by: lease.payer)
        self.remove(lease)
        self.effects.release(body)
        self.dropIfUnused(channel)
    }
}
