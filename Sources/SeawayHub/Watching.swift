import DequeModule
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
        if let watch = peer.watches.first(where: { $0.isOf(group, channel) }) { return self.tellWhole(watch) }
        try self.check(names + peer.names + 1, .names)
        let watch = try self.findOrMakeWatch(group, channel)
        watch.holders.append(id)
        peer.watches.append(watch)
        self.pay(Cost.hold, by: peer.payer)
        self.tellWhole(watch)
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
        try self.check(self.watches + 1, .watches)
        try self.checkShare(of: .watches, more: 1, used: self.watches, most: self.configuration.maxWatches)
        try self.checkGroups(more: known == nil ? 1 : 0)
        try self.checkChannels(more: self.channels.find(channelName) == nil ? 1 : 0)
        let cost = Cost.watch + Cost.hold + Cost.group + Cost.channel + Cost.mailbox + 2 * Name.maxLength
        guard self.hasMemory(for: cost) else { throw self.noMemory }
        guard let form = NameForm(channelName.bytes.span), let channel = self.makeChannel(channelName, form) else {
            throw self.noChannel
        }
        let group = self.makeGroup(groupName)
        let watch = Watch(group, channel)
        group.add(watch)
        channel.watches.append(watch)
        self.watches += 1
        watch.payer = self.payer
        self.pay(Cost.watch, by: self.payer)
        self.payers.charge(self.payer, 1, .watches)
        return watch
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
        self.pay(-Cost.hold, by: self.peer(id).payer)
        watch.holders.removeAll { $0 == id }
        if watch.holders.isEmpty { self.end(watch) }
    }

    private func end(_ watch: Watch) {
        watch.isOver = true
        watch.group.remove(watch)
        if watch.group.watches.isEmpty { self.memory -= watch.group.changes.forget(before: .max) }
        watch.channel.watches.removeAll { $0 === watch }
        self.watches -= 1
        self.memory -= watch.makeWholeDue()
        self.pay(-Cost.watch, by: watch.payer)
        self.payers.charge(watch.payer, -1, .watches)
        self.dropIfEmpty(watch.group)
        self.dropIfUnused(watch.channel)
    }

    // MARK: What is to be told

    /// Notes for those who watch a group that a membership has begun or ended.
    func note(_ change: Watch.Change, _ channel: Channel, _ group: Group) {
        self.memory += group.changes.append(change, channel.name)
        if self.isOverLimit {
            self.work += Work.look * group.watches.count
            for watch in group.watches { self.memory -= watch.makeWholeDue() }
            self.forgetChanges(of: group)
        } else if group.changes.count > WatchNews.mostChanges + ChangeLog.slack {
            self.forgetChanges(of: group)
        }
        guard !group.areListed else { return }
        self.work += Work.look * group.watches.count
        for watch in group.watches { self.list(watch) }
        group.areListed = true
    }

    /// Forgets the changes that no watch has to look at; one that would have too many to look at is told the whole.
    private func forgetChanges(of group: Group) {
        self.work += Work.look * group.watches.count
        group.changes.tellings = 0
        var first = group.changes.end
        for watch in group.watches where watch.behind > 0 {
            if watch.behind > WatchNews.mostChanges {
                self.memory -= watch.makeWholeDue()
            } else {
                first = min(first, watch.looked)
            }
        }
        self.memory -= group.changes.forget(before: first)
    }

    /// A message has left the queue of a channel: more may be told if it was a watch's (T5), and the whole if it was lost (T6).
    func noteEnd(of message: QueuedMessage, in channel: Channel, isLost: Bool) {
        guard let watch = channel.watches.first(where: { $0.waiting == message.body }) else { return }
        watch.waiting = nil
        if isLost { self.memory -= watch.makeWholeDue() }
        if watch.mayHaveNews { self.list(watch) }
    }

    private func tellWhole(_ watch: Watch) {
        self.memory -= watch.makeWholeDue()
        self.list(watch)
    }

    /// Puts a watch among the news, unless its turn comes later anyway.
    private func list(_ watch: Watch) {
        guard !watch.isListed, watch.waiting == nil, !watch.isOver else { return }
        watch.isListed = true
        if self.news.isEmpty { self.effects.append(.news) }
        self.news.append(watch)
    }

    /// Tries once more what found no room.
    func tellAgain() {
        guard !self.heldBack.isEmpty else { return }
        let heldBack = self.heldBack
        self.heldBack = []
        for watch in heldBack {
            watch.isListed = false
            self.list(watch)
        }
    }

    // MARK: Telling

    /// The next that is to be told; the caller makes a body of it and calls ``tell(_:body:size:now:)``.
    package func nextNews() -> WatchNews? {
        while let watch = self.news.popFirst() {
            watch.isListed = false
            watch.group.areListed = false
            guard !watch.isOver else { continue }
            self.look(watch)
            guard watch.hasNews else { continue }
            if self.hasRoom(for: watch) {
                let news = watch.makeNews()
                self.work += Work.look * watch.changes.count + Work.change * news.names
                return news
            }
            self.holdBack(watch)
        }
        return nil
    }

    /// Has a watch look at what has changed, and forgets it when all have.
    private func look(_ watch: Watch) {
        self.work += Work.look + Work.change * watch.behind
        self.memory += watch.look()
        if self.isOverLimit { self.memory -= watch.makeWholeDue() }
        let group = watch.group
        group.changes.tellings += 1
        if group.changes.tellings >= group.watches.count, group.changes.count > 0 { self.forgetChanges(of: group) }
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
        watch.isListed = true
        self.heldBack.append(watch)
    }

    /// Tells nothing, now that nothing is told any more (X2).
    package func forgetNews() {
        for watch in self.news {
            watch.isListed = false
            watch.group.areListed = false
        }
        self.news = []
    }

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
        if !self.tailing.isEmpty { self.noteCopy(watch.channel.name) }
        self.memory -= watch.settle(news)
        if watch.hasNews { self.list(watch) }
        return outcome
    }
}

extension Watch {
    fileprivate func isOf(_ group: Name, _ channel: Name) -> Bool {
        self.group.name == group && self.channel.name == channel
    }
}
