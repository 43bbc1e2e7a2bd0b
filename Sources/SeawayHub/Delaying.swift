import SeawayWire

/// Messages that are not due yet: sent so (S11), or given back (D11, D13).
extension Hub {
    /// When ``wake(now:)`` has something to deliver, in the caller's milliseconds; `nil`: not known of anything.
    package var nextDue: Int? { self.delays.next }

    /// Messages that are not due.
    package var delayedMessages: Int { self.delays.count }

    /// Keeps a message until it is due.
    ///
    /// - Parameters: as those of ``send(to:_:ifHeard:_:body:size:now:)``.
    func sendLater(
        to name: Span<UInt8>, _ form: NameForm, ifHeard: Bool, _ bounds: SendBounds?, after delay: Int, body: BodyID,
        size: Int, now: Int
    ) -> SendOutcome {
        if form != .normal, self.closed.contains(name, NameHash(name), now: now) { return .refused(.gone) }
        if ifHeard, !self.isHeard(name, form) { return .refused(.away) }
        guard self.delayedMessages < self.configuration.maxDelayed else {
            return .refused(
                .limit(of: .delayed, most: self.configuration.maxDelayed, given: self.configuration.maxDelayed + 1))
        }
        do throws(WireRefusal) {
            try self.checkShare(
                of: .delayed, more: 1, used: self.delayedMessages, most: self.configuration.maxDelayed)
        } catch { return .refused(error) }
        guard self.hasMemory(for: Cost.channel + Cost.lease + name.count + Cost.message(size, group: nil)) else {
            return .refused(self.isFull)
        }
        if self.channels.find(name, NameHash(name)) == nil {
            do throws(WireRefusal) { try self.checkChannels(more: 1) } catch { return .refused(error) }
        }
        guard let channel = self.makeChannel(Name(checked: name.array), form) else { return .refused(self.noChannel) }
        self.dropExpired(in: channel, now: now)
        if let refusal = self.whyFull(channel, size, bounds) {
            self.dropIfUnused(channel)
            return .refused(refusal)
        }
        let due = now + delay
        let message = QueuedMessage(
            body: body, size: UInt32(size), payer: self.payer, began: now,
            deadline: due + (bounds?.expiry ?? channel.rules.expiry), group: nil, siblings: nil)
        guard let lease = self.makeLease(of: message, channel, .delayed) else {
            self.dropIfUnused(channel)
            return .refused(self.isFull)
        }
        self.ledger.count(message, in: true)
        self.counters.sent += 1
        self.counters.stored += 1
        if !self.onlookers.isEmpty { self.noteCopy(channel.name) }
        self.delays.begin(lease, until: due, self.ledger)
        return .stored
    }

    /// Puts what is due into its queues, as far as the turn goes: what was delivered before to their fronts, in order.
    ///
    /// - Returns: whether all is done.
    func giveOutDue(now: Int, until limit: Int) -> Bool {
        var again: [Lease] = []
        defer { for lease in again.reversed() { self.enqueueAgain(lease) } }
        while let next = self.delays.next, next <= now {
            guard self.work < limit else { return false }
            self.work += Work.change
            guard let due = self.delays.pop(now: now) else { break }
            guard let lease = self.leases.find(due.tag) else { continue }
            if case .confirming = lease.state { self.unconfirmed(lease) }
            guard case .delayed = lease.state else { continue }
            self.delays.end(lease, self.ledger)
            if lease.wasGivenOut { again.append(lease) } else { self.arrive(lease, now: now) }
        }
        return true
    }

    /// What was sent for later is there, as if it were sent now.
    private func arrive(_ lease: Lease, now: Int) {
        let channel = lease.channel
        let message = lease.message
        self.endLease(lease)
        self.channels.enter(message, channel, atFront: false)
        if channel.form != .normal, self.closed.contains(channel.name, now: now) {
            self.dropAll(in: channel, .closed)
            self.dropIfUnused(channel)
            return
        }
        self.setAlarm(for: channel)
        self.offer(channel)
    }

    /// What was delivered before waits again, in front of all others.
    func enqueueAgain(_ lease: Lease) {
        lease.state = .queued
        var message = lease.message
        message.deadline = .max
        message.lease = lease
        self.channels.enter(message, lease.channel, atFront: true)
        self.offer(lease.channel)
    }

    /// Has whoever can take from a channel be asked.
    func offer(_ channel: Channel) {
        if channel.readers.isEmpty {
            if let reader = channel.mailbox?.reader { self.offer(reader) }
        } else if !channel.isPaused, let reader = channel.nextReader() {
            self.offer(reader)
        }
    }

    /// Drops what is delayed on channels whose names match.
    ///
    /// - Returns: how many.
    func flushDelayed(_ pattern: Pattern?) -> Int {
        guard !self.delays.isEmpty else { return 0 }
        let all = self.delays.all
        self.work += Work.look * all.count
        var left: [Due] = []
        var dropped = 0
        for due in all {
            guard let lease = self.leases.find(due.tag) else { continue }
            if case .confirming = lease.state { left.append(due) }
            guard case .delayed = lease.state else { continue }
            let channel = lease.channel
            guard pattern?.matches(channel.name) != false else {
                left.append(due)
                continue
            }
            self.delays.end(lease, self.ledger)
            self.forget(lease, .flushed, .flushed)
            dropped += 1
        }
        self.delays.keep(left)
        return dropped
    }
}
