package import SeawayWire

/// Who reads what (section 4, LISTEN and UNLISTEN), and what a reader may say of its channels.
extension Hub {
    /// What `LISTEN` is answered with.
    package struct ListenOutcome {
        /// Whether the broker still held all the mailboxes named; `nil` when there was none (L4).
        package let isKept: Bool?
        /// What is told before the answer (L5); `nil`: nothing.
        package let telling: MembersTelling?
    }

    /// Takes part in reading channels and mailboxes: all or none.
    package func listen(
        _ id: PeerID, _ names: [Name], wantsMembers: Bool, acknowledges: Bool = false, now: Int
    ) throws(WireRefusal) -> ListenOutcome {
        let peer = self.peer(id)
        try self.checkRoom(for: names, peer)
        var isKept: Bool?
        var telling: MembersTelling?
        for name in names {
            let reader = peer.reader(of: name) ?? self.attach(peer, name, &isKept, now: now)
            self.work += Work.look
            reader.acknowledges = acknowledges
            reader.pool.noteDemand()
            if case .mailbox(let mailbox) = reader.target {
                if isKept == nil { isKept = true }
                // Who was told, and is told of each change, knows them (L5).
                if wantsMembers, !reader.wantsMembers {
                    let whole = telling ?? MembersTelling()
                    telling = whole
                    self.tell(of: mailbox, reader, in: whole)
                }
                reader.wantsMembers = wantsMembers
            }
        }
        return ListenOutcome(isKept: isKept, telling: telling)
    }

    private func checkRoom(for names: [Name], _ peer: Peer) throws(WireRefusal) {
        let new = Set(names.lazy.filter { peer.reader(of: $0) == nil })
        guard !new.isEmpty else { return }
        try self.check(peer.names + new.count, .names)
        let channels = new.count { NameForm($0.bytes.span) != .mailbox && self.channels.find($0) == nil }
        try self.checkChannels(more: channels)
        let cost = new.reduce(0) { $0 + Cost.reader + Cost.channel + Cost.mailbox + $1.bytes.count }
        guard self.hasMemory(for: cost) else { throw self.ledger.noMemory }
    }

    private func attach(_ peer: Peer, _ name: Name, _ isKept: inout Bool?, now: Int) -> Reader {
        let reader: Reader
        if NameForm(name.bytes.span) == .mailbox {
            // First, so that nothing of the new reader's ends with what the former one has left.
            if let ending = self.mailboxes.find(name)?.ending, !ending.isOver { self.finish(ending) }
            let mailbox = self.makeMailbox(name)
            isKept = (isKept ?? true) && (mailbox.reader != nil || mailbox.isKept)
            if let former = mailbox.reader { self.takeOver(former) }
            reader = Reader(peer, .mailbox(mailbox), wantsMembers: false)
            mailbox.reader = reader
            mailbox.isKept = false
            mailbox.graceEnds = nil
            if mailbox.messages > 0 {
                self.work += mailbox.channels.count * Work.look
                for channel in mailbox.channels { channel.enterBacklog() }
            }
        } else {
            guard let form = NameForm(name.bytes.span), let channel = self.makeChannel(name, form) else {
                preconditionFailure("room for \(name) was checked")
            }
            if form.hasOneReader, let former = channel.readers.first {
                self.takeOver(former)
                channel.readers.removeAll()
            }
            reader = Reader(peer, .channel(channel), wantsMembers: false)
            channel.readers.append(reader)
            if channel.isStored { reader.pool.kept.append(channel) }
            channel.isStarved = false
            channel.graceEnds = nil
        }
        peer.add(reader)
        peer.noteCredit(of: reader)
        self.ledger.pay(Cost.reader, by: peer.payer)
        return reader
    }

    /// Ends a reader's part for another connection's sake (L2).
    private func takeOver(_ former: Reader) {
        self.effects.append(.lost(former.peer.id, former.name))
        former.stopTelling()
        self.endPauses(former.target)
        former.peer.remove(former)
        self.ledger.pay(-self.cost(of: former), by: former.peer.payer)
    }

    /// Ends listening on some names (L6); those that are not listened on are passed over.
    package func unlisten(_ id: PeerID, _ names: [Name], now: Int) {
        let peer = self.peer(id)
        for name in names {
            guard let reader = peer.reader(of: name) else { continue }
            peer.remove(reader)
            self.work += Work.look
            self.detach(reader, endMailbox: true, now: now)
        }
    }

    /// Undoes what a reader is to its channel or mailbox; the connection's own list is the caller's to mend.
    func detach(_ reader: Reader, endMailbox: Bool, now: Int) {
        reader.stopTelling()
        self.ledger.pay(-self.cost(of: reader), by: reader.peer.payer)
        self.endPauses(reader.target)
        switch reader.target {
        case .channel(let channel): self.detach(reader, from: channel, now: now)
        case .mailbox(let mailbox):
            mailbox.reader = nil
            if endMailbox {
                self.end(mailbox)
            } else {
                mailbox.isKept = true
                self.beginGrace(of: mailbox, now: now)
            }
        }
    }

    private func detach(_ reader: Reader, from channel: Channel, now: Int) {
        channel.readers.removeAll { $0 === reader }
        if channel.isStored { self.end(reader, of: channel) }
        if channel.readers.isEmpty, channel.form.hasOneReader, !channel.memberships.isEmpty {
            self.beginGraceIfUnread(channel, now: now)
        }
        if channel.readers.isEmpty {
            channel.unreadSince = now
            self.setAwayAlarm(for: channel, at: now)
        }
        // What waited for the exact listener goes to the mailbox's (L3).
        channel.enterBacklog()
        if let next = channel.mailbox?.reader { self.offer(next) }
        self.dropIfUnused(channel)
    }

    /// Nobody here may take any more of what a store has delivered.
    private func end(_ reader: Reader, of channel: Channel) {
        reader.pool.kept.removeAll { $0 === channel }
        self.demands.note(channel)
        guard channel.readers.isEmpty else { return }
        self.giveBackWaiting(of: channel)
    }

    private func cost(of reader: Reader) -> Int {
        reader.pool === reader.peer.pool ? Cost.reader : 2 * Cost.reader
    }

    /// A mailbox whose reader has left for good: messages, memberships, watches and pauses end.
    private func end(_ mailbox: Mailbox) {
        mailbox.isKept = false
        mailbox.graceEnds = nil
        self.end(mailbox, .unlistened)
    }

    func end(_ mailbox: Mailbox, _ reason: Ending.Reason) {
        let ending = Ending(reason, mailbox.channels)
        self.work += Work.look * ending.channels.count / 8
        mailbox.ending = ending
        self.begin(ending)
        self.dropIfUnused(mailbox)
    }

    /// Pauses end with their reader (P2).
    private func endPauses(_ target: Reader.Target) {
        let paused: [Channel] =
            switch target {
            case .channel(let channel): channel.isPaused ? [channel] : []
            case .mailbox(let mailbox) where mailbox.paused == 0: []
            case .mailbox(let mailbox): mailbox.channels.filter { $0.isPaused && $0.readers.isEmpty }
            }
        for channel in paused {
            channel.isPaused = false
            channel.enterBacklog()
            self.dropIfUnused(channel)
        }
    }
}

/// What only the reader of a channel may say of it (section 4, PAUSE, RESUME, CLOSE).
extension Hub {
    /// Holds back a reply or pinned channel (P1).
    package func pause(_ id: PeerID, _ name: Name) throws(WireRefusal) {
        guard self.isReader(id, of: name), let form = NameForm(name.bytes.span) else { throw .reader }
        guard self.hasMemory(for: Cost.channel + name.bytes.count) else { throw self.ledger.noMemory }
        if self.channels.find(name) == nil { try self.checkChannels(more: 1) }
        guard let channel = self.makeChannel(name, form) else { throw self.noChannel }
        channel.isPaused = true
    }

    /// Lets go of it again; what waits is deliverable.
    package func resume(_ id: PeerID, _ name: Name) throws(WireRefusal) {
        guard self.isReader(id, of: name) else { throw .reader }
        guard let channel = self.channels.find(name), channel.isPaused else { return }
        channel.isPaused = false
        channel.enterBacklog()
        if let reader = channel.readers.first ?? channel.mailbox?.reader { self.offer(reader) }
        self.dropIfUnused(channel)
    }

    /// Ends reply or pinned channels (C1): all or none.
    package func close(_ id: PeerID, _ names: [Name], now: Int) throws(WireRefusal) {
        for name in names where !self.isReader(id, of: name) { throw .reader }
        for name in names {
            let expiry = self.channels.find(name)?.rules.expiry ?? self.configuration.rules(for: name).expiry
            if let channel = self.channels.find(name) {
                self.dropAll(in: channel, .closed)
                self.endMemberships(of: channel)
                self.endWatches(on: channel)
                channel.isPaused = false
                self.dropIfUnused(channel)
            }
            self.closed.insert(name, until: now + expiry, now: now, self.ledger)
        }
    }

    /// Whether the connection reads the channel: it listens on it or, when nobody does, on its mailbox (L3).
    private func isReader(_ id: PeerID, of name: Name) -> Bool {
        if let reader = self.channels.find(name)?.readers.first { return reader.peer.id == id }
        guard case .reply(let length)? = NameForm(name.bytes.span) else { return false }
        return self.mailboxes.find(Name(checked: Array(name.bytes[..<length])))?.reader?.peer.id == id
    }
}
