import DequeModule
package import SeawayWire

/// Messages that a store keeps and has given to this broker (D17 to D24): they wait for a listener and are held as
/// others are, but what comes back goes to the store.
extension Hub {
    /// What became of a message that a store has delivered.
    package enum Arrival: Hashable, Sendable {
        /// The body has one reference.
        case taken
        /// It is here already.
        case known
        /// Nobody can take it now: it is to be given back, for so many milliseconds.
        case refused(after: Int)
    }

    /// A message is here.
    ///
    /// - Parameters:
    ///   - times: how often it was delivered, this time included.
    ///   - death: of a dead letter.
    package func arrive(
        on name: Name, _ place: UInt64, times: Int, _ death: Death?, body: BodyID, size: Int, now: Int
    ) -> Arrival {
        self.work += Work.change
        guard let channel = self.channels.find(name), channel.isStored, !channel.readers.isEmpty, !self.demands.isOver
        else { return .refused(after: 0) }
        guard channel.stored[place] == nil else { return .known }
        guard self.ledger.hasRoom(for: Cost.lease + Cost.message(size, group: nil), by: 0) else {
            return .refused(after: self.configuration.returnDelay)
        }
        var message = QueuedMessage(
            body: body, size: UInt32(size), payer: 0, began: now,
            deadline: now + max(1, self.configuration.returnDelay),
            group: nil, siblings: nil)
        message.death = death
        guard let lease = self.leases.insert(message, of: channel, .queued, stored: place, times: max(1, times) - 1)
        else { return .refused(after: self.configuration.returnDelay) }
        self.ledger.pay(Cost.lease, by: 0)
        channel.stored[place] = lease
        self.ledger.count(message, in: true)
        message.lease = lease
        self.channels.enter(message, channel, atFront: false)
        self.setAlarm(for: channel)
        self.demands.note(channel)
        self.offer(channel)
        return .taken
    }

    /// What a store has is being acknowledged: it is in nobody's hand here any more (D10).
    ///
    /// - Returns: whether it was.
    package func letGo(_ place: UInt64, of channel: Span<UInt8>) -> Bool {
        self.work += Work.change
        guard let lease = self.channels.find(channel, NameHash(channel))?.stored[place] else { return false }
        self.acknowledge(lease)
        return true
    }

    /// What a connection holds of some store, by its tag alone (S13); it is in nobody's hand any more.
    package func letGo(_ tag: DeliveryTag, heldBy id: PeerID) -> (channel: Name, place: UInt64)? {
        guard case .stored(let place, _) = tag.kind else { return nil }
        self.work += Work.change
        let found = self.peer(id).leases.first { lease in
            guard lease.stored == place else { return false }
            let name = lease.channel.name
            return tag.place(on: name.bytes.span) != nil
        }
        guard let lease = found else { return nil }
        let name = lease.channel.name
        self.acknowledge(lease)
        return (name, place)
    }

    /// A store has taken a message in: it is counted, and shown to who looks on.
    package func noteStored(on name: Name) {
        self.counters.sent += 1
        self.counters.stored += 1
        if !self.onlookers.isEmpty { self.noteCopy(name) }
    }

    // MARK: At most once

    /// Messages that are being acknowledged for somebody (D20).
    package var confirming: Int { self.leases.confirming }

    /// Has what waits be acknowledged for somebody who does not, as far as its credit goes (D20).
    func confirmWaiting(of channel: Channel, for reader: Reader, now: Int) {
        self.dropExpired(in: channel, now: now)
        while reader.pool.credit > 0, let first = channel.queue.first, let lease = first.lease,
            let place = lease.stored
        {
            self.work += Work.change
            channel.queue.removeFirst()
            self.channels.note(first, leaving: channel)
            reader.pool.pay()
            lease.state = .confirming
            lease.taker = Lease.Taker(peer: reader.peer, pool: reader.pool)
            self.leases.confirming += 1
            self.delays.remind(of: lease, at: now + self.confirmPatience)
            self.effects.append(.confirm(channel.name, place))
        }
    }

    /// The store says that a message is done: it can be pushed.
    ///
    /// - Returns: to whom; `nil`: whoever asked has left, or does not read, and it waits again, as one of this broker's
    ///   own.
    package func confirmed(_ place: UInt64, of name: Name, now: Int) -> (peer: PeerID, delivery: WaitingDelivery)? {
        guard let channel = self.channels.find(name), let lease = channel.stored[place],
            case .confirming = lease.state, let taker = lease.taker
        else { return nil }
        let peer = taker.peer
        var message = lease.message
        self.leases.confirming -= 1
        self.endLease(lease)
        if self.connections.contains(peer), peer.reader(of: name) != nil, !peer.isBlocked {
            self.ledger.count(message, in: false)
            self.counters.delivered += 1
            channel.handedOut += 1
            return (peer.id, WaitingDelivery(body: message.body, group: nil, names: [name], death: message.death))
        }
        taker.pool.grant(1)
        message.deadline = now + channel.rules.expiry
        let place = channel.queue.firstIndex { $0.lease?.stored != nil } ?? channel.queue.count
        self.channels.enter(message, channel, atFront: false)
        channel.queue.insert(channel.queue.removeLast(), at: place)
        self.setAlarm(for: channel)
        self.offer(channel)
        return nil
    }

    /// The store could not say so, or has not in time: it is not pushed, and comes again if it is not done.
    package func unconfirmed(_ place: UInt64, of name: Name) {
        guard let lease = self.channels.find(name)?.stored[place], case .confirming = lease.state else { return }
        self.unconfirmed(lease)
    }

    func unconfirmed(_ lease: Lease) {
        self.endConfirming(lease)
        self.giveBackToStore(lease, after: self.configuration.returnDelay)
    }

    func endConfirming(_ lease: Lease) {
        guard case .confirming = lease.state, let taker = lease.taker else { return }
        self.leases.confirming -= 1
        lease.state = .queued
        lease.taker = nil
        taker.pool.grant(1)
    }

    // MARK: Coming back

    /// What waits for a listener here and stands in a store goes back there.
    func giveBackWaiting(of channel: Channel) {
        let all = channel.queue
        channel.queue.removeAll { $0.lease?.stored != nil }
        for message in all where message.lease?.stored != nil {
            self.work += Work.change
            self.drop(message, from: channel, .unlistened)
        }
    }

    /// It is in hand no more, and the store is to deliver it again.
    func giveBackToStore(_ lease: Lease, after delay: Int) {
        guard let place = lease.stored else { return }
        self.effects.append(.giveBack(lease.channel.name, place, after: delay))
        self.end(lease)
    }

    /// What was in hand is given up, or dropped where it is a dead letter already (D14).
    ///
    /// - Returns: what is to be asked of the store.
    func endInStore(_ lease: Lease, _ place: UInt64, _ death: Death) -> StoredEnd {
        let channel = lease.channel.name
        lease.channel.dropped += 1
        if channel.isForDeadLetters {
            self.counters.dropped[.dead, default: 0] += 1
        } else {
            self.counters.dead += 1
        }
        self.end(lease)
        return StoredEnd(channel: channel, place: place, death: channel.isForDeadLetters ? nil : death)
    }
}

/// A message that is to end in its store.
package struct StoredEnd: Hashable, Sendable {
    package let channel: Name
    package let place: UInt64
    /// Why it becomes a dead letter; `nil`: it is dropped.
    package let death: Death?
}
