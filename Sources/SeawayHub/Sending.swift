package import SeawayWire

/// Messages in: to one channel (section 4, SEND).
extension Hub {
    /// Puts one message on a channel, or says to whom to hand it at once.
    ///
    /// - Parameters:
    ///   - channel: the bytes of a legal channel name of the given form.
    ///   - body: a number that the caller has for the body; used only when the outcome is `stored`.
    ///   - size: bytes of the body.
    ///   - bounds: in place of the channel's own.
    ///   - report: what its sender wants to be told (S14); of a normal channel only.
    package func send(
        to channel: Span<UInt8>, _ form: NameForm, ifHeard: Bool, _ bounds: SendBounds? = nil,
        _ report: ReportWish? = nil, body: BodyID, size: Int, now: Int
    ) -> SendOutcome {
        let outcome = self.put(
            on: channel, form, ifHeard: ifHeard, bounds, report, body: body, size: size, now: now)
        if case .refused = outcome { return outcome }
        self.counters.sent += 1
        return outcome
    }

    /// The same of a message that nobody has sent, as the broker's own.
    @inline(__always)
    func put(
        on channel: Span<UInt8>, _ form: NameForm, ifHeard: Bool, _ bounds: SendBounds?, _ report: ReportWish?,
        body: BodyID, size: Int, now: Int
    ) -> SendOutcome {
        let outcome =
            self.channels.latest(if: channel, form).map {
                self.send(to: $0, ifHeard: ifHeard, bounds, report, body: body, size: size, now: now)
            } ?? self.find(channel, form, ifHeard: ifHeard, bounds, report, body: body, size: size, now: now)
        if case .refused = outcome { return outcome }
        if !self.onlookers.isEmpty { self.noteCopy(Name(checked: channel.array)) }
        return outcome
    }

    private func find(
        _ channel: Span<UInt8>, _ form: NameForm, ifHeard: Bool, _ bounds: SendBounds?, _ report: ReportWish?,
        body: BodyID, size: Int, now: Int
    ) -> SendOutcome {
        let hash = NameHash(channel)
        if form != .normal, self.closed.contains(channel, hash, now: now) { return .refused(.gone) }
        if let record = self.channels.find(channel, hash) {
            self.channels.noteLatest(record)
            return self.send(to: record, ifHeard: ifHeard, bounds, report, body: body, size: size, now: now)
        }
        if let reader = self.mailboxReader(of: channel, form) {
            // A reply channel without a record is by far the most frequent one: nothing waits in it.
            if reader.pool.accepts(0) { return self.hand(to: reader) }
        } else if ifHeard {
            return .refused(.away)
        }
        return self.storeInNew(channel, form, bounds, report, body: body, size: size, now: now)
    }

    /// Whether somebody listens on a channel, or on its mailbox.
    package func isHeard(_ channel: Span<UInt8>, _ form: NameForm) -> Bool {
        self.channels.find(channel, NameHash(channel))?.isHeard ?? (self.mailboxReader(of: channel, form) != nil)
    }

    private func mailboxReader(of channel: Span<UInt8>, _ form: NameForm) -> Reader? {
        guard case .reply(let length) = form else { return nil }
        let name = channel.extracting(..<length)
        return self.mailboxes.find(name, NameHash(name))?.reader
    }

    @inline(__always)
    func send(
        to channel: Channel, ifHeard: Bool, _ bounds: SendBounds? = nil, _ report: ReportWish? = nil, body: BodyID,
        size: Int, now: Int
    ) -> SendOutcome {
        let reader = channel.queue.isEmpty && !channel.isPaused ? channel.nextReader() : nil
        if let reader {
            guard reader.acknowledges else {
                channel.handedOut += 1
                return self.hand(to: reader)
            }
            return self.hand(body, size, of: channel, report, to: reader, now: now)
        }
        if ifHeard, !channel.isHeard { return .refused(.away) }
        if let refusal = self.store(body, size, in: channel, bounds, report, group: nil, siblings: nil, now: now) {
            return .refused(refusal)
        }
        return .stored
    }

    /// Gives a message to somebody who is to acknowledge it: it counts as one that is stored (M1).
    private func hand(
        _ body: BodyID, _ size: Int, of channel: Channel, _ report: ReportWish?, to reader: Reader, now: Int
    ) -> SendOutcome {
        let message = QueuedMessage(
            body: body, size: UInt32(size), payer: self.payer, began: now, deadline: .max, group: nil, siblings: nil,
            past: report.map { .asker($0.asker) })
        guard self.hasMemory(for: Cost.lease + message.cost),
            let handover = self.hold(message, of: channel, by: reader, isPaid: true, now: now)
        else { return .refused(self.isFull) }
        self.ledger.count(message.cost, lease: Cost.lease, by: message.payer)
        reader.pool.pay()
        self.counters.delivered += 1
        return .held(reader.pool.peer, handover)
    }

    @inline(__always)
    private func hand(to reader: Reader) -> SendOutcome {
        reader.pool.pay()
        self.counters.delivered += 1
        return .handed(reader.pool.peer)
    }

    private func storeInNew(
        _ name: Span<UInt8>, _ form: NameForm, _ bounds: SendBounds?, _ report: ReportWish?, body: BodyID, size: Int,
        now: Int
    ) -> SendOutcome {
        guard self.hasMemory(for: Cost.channel + name.count + Cost.message(size, group: nil)) else {
            return .refused(self.isFull)
        }
        do throws(WireRefusal) { try self.checkChannels(more: 1) } catch { return .refused(error) }
        guard let channel = self.makeChannel(Name(checked: name.array), form) else {
            return .refused(self.noChannel)
        }
        if let refusal = self.store(body, size, in: channel, bounds, report, group: nil, siblings: nil, now: now) {
            self.dropIfUnused(channel)
            return .refused(refusal)
        }
        return .stored
    }

    /// Queues a message if there is room (S2, S5, S8).
    func store(
        _ body: BodyID, _ size: Int, in channel: Channel, _ bounds: SendBounds?, _ report: ReportWish? = nil,
        group: Name?, siblings: Siblings?, now: Int
    ) -> WireRefusal? {
        self.dropExpired(in: channel, now: now)
        if let refusal = self.whyFull(channel, size, bounds) { return refusal }
        let message = QueuedMessage(
            body: body, place: UInt32(siblings?.channels.count ?? 0), size: UInt32(size), payer: self.payer, began: now,
            deadline: now + (bounds?.expiry ?? channel.rules.expiry), group: group, siblings: siblings,
            past: report.map { .asker($0.asker) })
        self.ledger.count(message, in: true)
        self.channels.enter(message, channel, atFront: false)
        self.counters.stored += 1
        self.setAlarm(for: channel)
        if let patience = report?.patience { self.note(patience, on: channel, now: now) }
        return nil
    }

    func whyFull(_ channel: Channel, _ size: Int, _ bounds: SendBounds?) -> WireRefusal? {
        let capacity = channel.rules.capacity
        let waiting = channel.queue.count + channel.delayed
        if waiting > 0 {
            let most = bounds?.capacity(of: channel.name) ?? capacity.messages
            if waiting >= most { return .full(by: .messages, most: most) }
            if channel.queuedBytes + channel.delayedBytes + size > capacity.bytes {
                return .full(by: .bytes, most: capacity.bytes)
            }
        }
        if let mailbox = channel.mailbox, mailbox.messages > 0 {
            let most = bounds?.capacity(ofMailbox: mailbox.name) ?? mailbox.capacity?.messages
            if let most, mailbox.messages >= most { return .full(by: .mailbox, most: 0) }
            if let sum = mailbox.capacity, mailbox.bytes + size > sum.bytes { return .full(by: .mailbox, most: 0) }
        }
        return self.hasMemory(for: Cost.message(size, group: nil)) ? nil : self.isFull
    }
}
