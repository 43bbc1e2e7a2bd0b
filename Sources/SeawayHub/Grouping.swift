package import SeawayWire

/// Groups: membership (section 4, JOIN and LEAVE).
extension Hub {
    /// Makes channels members of a group: all or none (J1).
    ///
    /// - Parameter id: who asks; told first when it is also the reader (D8).
    package func join(_ name: Name, _ channels: [Name], now: Int) throws(WireRefusal) {
        for channel in channels where self.isStored(channel) { throw .name }
        for channel in channels where self.closed.contains(channel, now: now) { throw .gone }
        self.work += Work.look * channels.count
        try self.checkRoom(for: channels, in: name)
        let group = self.groups.make(name, by: self.payer, self.ledger)
        var joined: [Channel] = []
        for name in channels {
            guard let form = NameForm(name.bytes.span), let channel = self.makeChannel(name, form) else {
                preconditionFailure("room for \(name) was checked")
            }
            guard !group.contains(channel) else { continue }
            self.groups.add(channel, to: group, by: self.payer, self.ledger, &self.work)
            self.presence.note(.joined, channel, group, self.ledger, self.effects, &self.work)
            self.beginGraceIfUnread(channel, now: now)
            joined.append(channel)
        }
        self.tell(joined) { .joined($0, group: name, $1) }
    }

    private func checkRoom(for channels: [Name], in name: Name) throws(WireRefusal) {
        let group = self.groups.find(name)
        var seen: Set<Name> = []
        var newMembers = 0
        var newChannels = 0
        for channel in channels where seen.insert(channel).inserted {
            let record = self.channels.find(channel)
            if record == nil { newChannels += 1 }
            if record.map({ group?.contains($0) == true }) != true { newMembers += 1 }
        }
        try self.check((group?.members.count ?? 0) + newMembers, .members)
        try self.checkGroups(more: group == nil ? 1 : 0)
        try self.checkChannels(more: newChannels)
        let each = Cost.membership + Cost.channel + Cost.mailbox + Name.maxLength
        guard newMembers == 0 || self.hasMemory(for: newMembers * each) else { throw self.ledger.noMemory }
    }

    /// A membership whose channel nobody reads ends after the grace time (J3), unless the channel is a normal one.
    func beginGraceIfUnread(_ channel: Channel, now: Int) {
        guard channel.form.hasOneReader, !channel.isHeard else { return }
        if let mailbox = channel.mailbox {
            // After the loss of a reader the time runs from that loss, without one from the latest join.
            if !mailbox.isKept { self.beginGrace(of: mailbox, now: now) }
        } else if channel.graceEnds == nil {
            self.beginGrace(of: channel, now: now)
        }
    }

    /// Ends memberships; those that are not there are passed over.
    package func leave(_ name: Name, _ channels: [Name]) {
        guard let group = self.groups.find(name) else { return }
        let left = channels.compactMap { self.channels.find($0) }.filter { self.remove($0, from: group) }
        self.tell(left) { .left($0, group: name, $1) }
        self.groups.dropIfEmpty(group, self.ledger)
        left.forEach(self.dropIfUnused)
    }

    /// Ends all memberships of a channel, without telling its reader.
    func endMemberships(of channel: Channel) {
        for (group, _) in channel.memberships.values {
            _ = self.remove(channel, from: group)
            self.groups.dropIfEmpty(group, self.ledger)
        }
    }

    /// Ends memberships of a group, a thousand at most; its channels' readers are told.
    ///
    /// - Returns: how many.
    func removeSome(from group: Group) -> Int {
        let members = Array(group.members.prefix(1_000))
        for channel in members { _ = self.remove(channel, from: group) }
        self.tell(members) { .left($0, group: group.name, $1) }
        self.groups.dropIfEmpty(group, self.ledger)
        members.forEach(self.dropIfUnused)
        return members.count
    }

    private func remove(_ channel: Channel, from group: Group) -> Bool {
        guard self.groups.remove(channel, from: group, self.ledger, &self.work) else { return false }
        self.presence.note(.left, channel, group, self.ledger, self.effects, &self.work)
        return true
    }

    /// Tells the readers of mailboxes that want to know (L5), one frame for all channels of a reader.
    private func tell(_ channels: [Channel], _ effect: (PeerID, [Name]) -> HubEffect) {
        var names: [(peer: PeerID, names: [Name])] = []
        var places: [PeerID: Int] = [:]
        self.work += Work.look * channels.count
        for channel in channels {
            guard let reader = channel.mailbox?.reader, reader.wantsMembers else { continue }
            if let place = places[reader.peer.id] {
                names[place].names.append(channel.name)
            } else {
                places[reader.peer.id] = names.count
                names.append((reader.peer.id, [channel.name]))
            }
        }
        for (peer, names) in names { self.effects.append(effect(peer, names)) }
    }
}
