package import SeawayWire

/// Presence: who is told of joins and leaves (section 4, WATCH and UNWATCH).
extension Hub {
    /// Has a channel told of a group, first of all the whole; the connection holds the watch until it ends (T1, T2).
    ///
    /// - Parameter names: what its layer listens on elsewhere; it counts like names of its own (L7).
    package func watch(
        _ id: PeerID, _ group: Name, _ channel: Name, besides names: Int = 0, now: Int
    ) throws(WireRefusal) {
        if self.isStored(channel) { throw .name }
        if self.closed.contains(channel, now: now) { throw .gone }
        let peer = self.peer(id)
        self.work += peer.watches.count * Work.look / 8
        if let watch = peer.watches.first(where: { $0.isOf(group, channel) }) {
            return self.presence.tellWhole(watch, self.ledger, self.effects)
        }
        try self.check(names + peer.names + 1, .names)
        let watch = try self.findOrMakeWatch(group, channel)
        watch.holders.append(id)
        peer.watches.append(watch)
        self.ledger.pay(Cost.hold, by: peer.payer)
        self.presence.tellWhole(watch, self.ledger, self.effects)
    }

    /// Gives up a connection's hold; of one that it does not hold there is nothing to say.
    package func unwatch(_ id: PeerID, _ group: Name, _ channel: Name) {
        let peer = self.peer(id)
        guard let index = peer.watches.firstIndex(where: { $0.isOf(group, channel) }) else { return }
        self.release(peer.watches.remove(at: index), by: id)
    }

    private func findOrMakeWatch(_ groupName: Name, _ channelName: Name) throws(WireRefusal) -> Watch {
        let known = self.groups.find(groupName)
        let others = self.channels.find(channelName)?.watches ?? []
        self.work += others.count * Work.look / 8
        if let watch = others.first(where: { $0.group === known }) { return watch }
        try self.check(self.presence.count + 1, .watches)
        try self.checkShare(of: .watches, more: 1, used: self.presence.count, most: self.configuration.maxWatches)
        try self.checkGroups(more: known == nil ? 1 : 0)
        try self.checkChannels(more: self.channels.find(channelName) == nil ? 1 : 0)
        let cost = Cost.watch + Cost.hold + Cost.group + Cost.channel + Cost.mailbox + 2 * Name.maxLength
        guard self.hasMemory(for: cost) else { throw self.ledger.noMemory }
        guard let form = NameForm(channelName.bytes.span), let channel = self.makeChannel(channelName, form) else {
            throw self.noChannel
        }
        let group = self.groups.make(groupName, by: self.payer, self.ledger)
        return self.presence.add(channel, to: group, by: self.payer, self.ledger)
    }

    // MARK: The end of a watch

    /// The connection has ended.
    func endWatches(of peer: Peer) {
        for watch in peer.watches { self.release(watch, by: peer.id) }
        peer.watches = []
    }

    /// The channel is over.
    func endWatches(on channel: Channel) {
        for watch in channel.watches {
            for id in watch.holders { self.unwatch(id, watch.group.name, channel.name) }
        }
    }

    private func release(_ watch: Watch, by id: PeerID) {
        self.ledger.pay(-Cost.hold, by: self.peer(id).payer)
        watch.holders.removeAll { $0 == id }
        if watch.holders.isEmpty { self.end(watch) }
    }

    private func end(_ watch: Watch) {
        self.presence.end(watch, self.ledger)
        self.groups.dropIfEmpty(watch.group, self.ledger)
        self.dropIfUnused(watch.channel)
    }

    // MARK: Telling

    /// The next that is to be told; the caller makes a body of it and calls ``tell(_:body:size:now:)``.
    package func nextNews() -> WatchNews? {
        while let watch = self.presence.next(self.ledger, &self.work) {
            guard self.hasRoom(for: watch) else {
                self.holdBack(watch)
                continue
            }
            let news = watch.makeNews()
            self.work += Work.look * watch.changes.count + Work.change * news.names
            return news
        }
        return nil
    }

    /// Whether it is worth while to make the news, which takes its time in a large group.
    private func hasRoom(for watch: Watch) -> Bool {
        let channel = watch.channel
        let mayBeTaken = channel.queue.isEmpty && !channel.isPaused && channel.isHeard
        self.payer = watch.payer
        defer { self.payer = 0 }
        return mayBeTaken || self.whyFull(channel, watch.group.name.bytes.count, nil) == nil
    }

    private func holdBack(_ watch: Watch) {
        self.counters.untold += 1
        self.presence.holdBack(watch)
    }

    /// Tells nothing, now that nothing is told any more (X2).
    package func forgetNews() { self.presence.forgetNews() }

    /// Puts news on their channel; when there is no room they are told later.
    ///
    /// - Parameter body: used only when the outcome is `stored`.
    package func tell(_ news: WatchNews, body: BodyID, size: Int, now: Int) -> SendOutcome {
        let watch = news.watch
        // What is told is paid by who has asked for it.
        self.payer = watch.payer
        defer { self.payer = 0 }
        let outcome = self.send(to: watch.channel, ifHeard: false, body: body, size: size, now: now)
        switch outcome {
        case .refused:
            self.holdBack(watch)
            return outcome
        case .stored: watch.waiting = body
        case .handed, .held: break
        }
        self.counters.told += 1
        if !self.onlookers.isEmpty { self.noteCopy(watch.channel.name) }
        self.ledger.note(-watch.settle(news))
        if watch.hasNews { self.presence.list(watch, self.effects) }
        return outcome
    }
}

extension Watch {
    fileprivate func isOf(_ group: Name, _ channel: Name) -> Bool {
        self.group.name == group && self.channel.name == channel
    }
}
