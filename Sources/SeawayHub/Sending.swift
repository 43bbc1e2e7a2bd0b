package import SeawayWire

/// Messages in: to one channel (section 4, SEND).
extension Hub {
    /// Puts one message on a channel, or says to whom to hand it at once.
    ///
    /// - Parameters:
    ///   - channel: the bytes of a legal channel name of the given form.
    ///   - body: a number that the caller has for the body; used only when the outcome is `stored`.
    ///   - size: bytes of the body.
    package func send(
        to channel: Span<UInt8>, _ form: NameForm, ifHeard: Bool, body: BodyID, size: Int, now: Int
    ) -> SendOutcome {
        let outcome =
            self.latestChannel(if: channel, form).map {
                self.send(to: $0, ifHeard: ifHeard, body: body, size: size, now: now)
            } ?? self.find(channel, form, ifHeard: ifHeard, body: body, size: size, now: now)
        if case .refused = outcome { return outcome }
        self.counters.sent += 1
        if !self.tailing.isEmpty { self.noteCopy(Name(checked: channel.array)) }
        return outcome
    }

    /// The channel of the message before, if this one is for the same: then it need not be looked up.
    @inline(__always)
    private func latestChannel(if name: Span<UInt8>, _ form: NameForm) -> Channel? {
        guard form == .normal, let latest = self.latest, !latest.isDropped, latest.name.bytes.equal(name) else {
            return nil
        }
        return latest
    }

    private func find(
        _ channel: Span<UInt8>, _ form: NameForm, ifHeard: Bool, body: BodyID, size: Int, now: Int
    ) -> SendOutcome {
        let hash = NameHash(channel)
        if form != .normal, self.closed.contains(channel, hash, now: now) { return .refused(.gone) }
        if let record = self.channels.find(channel, hash) {
            self.latest = record
            return self.send(to: record, ifHeard: ifHeard, body: body, size: size, now: now)
        }
        if let reader = self.mailboxReader(of: channel, form) {
            // A reply channel without a record is by far the most frequent one: nothing waits in it.
            if reader.purse.accepts(0) { return self.hand(to: reader) }
        } else if ifHeard {
            return .refused(.away)
        }
        return self.storeInNew(channel, form, body: body, size: size, now: now)
    }

    private func mailboxReader(of channel: Span<UInt8>, _ form: NameForm) -> Reader? {
        guard case .reply(let length) = form else { return nil }
        let name = channel.extracting(..<length)
        return self.mailboxes.find(name, NameHash(name))?.reader
    }

    @inline(__always)
    func send(to channel: Channel, ifHeard: Bool, body: BodyID, size: Int, now: Int) -> SendOutcome {
        if channel.queue.isEmpty, !channel.isPaused, let reader = channel.nextReader() {
            channel.handedOut += 1
            return self.hand(to: reader)
        }
        if ifHeard, !channel.isHeard { return .refused(.away) }
        return self.store(body, size, in: channel, group: nil, siblings: nil, now: now).map(SendOutcome.refused)
            ?? .stored
    }

    @inline(__always)
    private func hand(to reader: Reader) -> SendOutcome {
        reader.purse.credit -= 1
        self.counters.delivered += 1
        return .handed(reader.purse.peer)
    }

    private func storeInNew(
        _ name: Span<UInt8>, _ form: NameForm, body: BodyID, size: Int, now: Int
    ) -> SendOutcome {
        guard self.hasMemory(for: Cost.channel + Cost.message + name.count + size) else {
            return .refused(self.isFull)
        }
        guard let channel = self.makeChannel(Name(checked: name.array), form) else {
            return .refused(self.noChannel)
        }
        if let refusal = self.store(body, size, in: channel, group: nil, siblings: nil, now: now) {
            self.dropIfUnused(channel)
            return .refused(refusal)
        }
        return .stored
    }

    /// Queues a message if there is room (S2, S5).
    func store(
        _ body: BodyID, _ size: Int, in channel: Channel, group: Name?, siblings: Siblings?, now: Int
    ) -> WireRefusal? {
        self.dropExpired(in: channel, now: now)
        if let refusal = self.whyFull(channel, size) { return refusal }
        channel.queue.append(
            QueuedMessage(
                body: body, size: size, deadline: now + channel.rules.expiry, group: group, siblings: siblings))
        channel.queuedBytes += size
        channel.mailbox?.messages += 1
        channel.mailbox?.bytes += size
        self.queuedMessages += 1
        self.queuedBytes += size
        self.memory += Cost.message + size
        self.counters.stored += 1
        self.enterBacklog(channel)
        self.setAlarm(for: channel)
        return nil
    }

    func whyFull(_ channel: Channel, _ size: Int) -> WireRefusal? {
        let capacity = channel.rules.capacity
        if !channel.queue.isEmpty {
            if channel.queue.count >= capacity.messages { return .full(by: .messages, most: capacity.messages) }
            if channel.queuedBytes + size > capacity.bytes { return .full(by: .bytes, most: capacity.bytes) }
        }
        if let mailbox = channel.mailbox, let sum = mailbox.capacity, mailbox.messages > 0,
            mailbox.messages >= sum.messages || mailbox.bytes + size > sum.bytes
        {
            return .full(by: .mailbox, most: 0)
        }
        return self.hasMemory(for: Cost.message + size) ? nil : self.isFull
    }

    /// Lets the mailbox's reader take from the channel in turn.
    func enterBacklog(_ channel: Channel) {
        guard let mailbox = channel.mailbox, !channel.isInBacklog, !channel.isPaused, !channel.queue.isEmpty,
            channel.readers.isEmpty
        else { return }
        channel.isInBacklog = true
        mailbox.backlog.append(channel)
    }
}
