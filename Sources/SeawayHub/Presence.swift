import DequeModule
import SeawayWire

/// Who is told of joins and leaves, and whose turn it is to be (T1 to T7).
final class Presence {
    /// Watches.
    private(set) var count = 0
    /// Those that have something to tell, and those that found no room for it.
    private var news: Deque<Watch> = []
    private var heldBack: [Watch] = []

    /// Whether ``next(_:_:)`` is to be asked.
    var hasNews: Bool { !self.news.isEmpty }

    // MARK: Watches

    func add(_ channel: Channel, to group: Group, by payer: PayerID, _ ledger: Ledger) -> Watch {
        let watch = Watch(group, channel)
        group.add(watch)
        channel.watches.append(watch)
        self.count += 1
        watch.payer = payer
        ledger.pay(Cost.watch, by: payer)
        ledger.payers.charge(payer, 1, .watches)
        return watch
    }

    func end(_ watch: Watch, _ ledger: Ledger) {
        watch.isOver = true
        watch.group.remove(watch)
        if watch.group.watches.isEmpty { ledger.note(-watch.group.changes.forget(before: .max)) }
        watch.channel.watches.removeAll { $0 === watch }
        self.count -= 1
        ledger.note(-watch.makeWholeDue())
        ledger.pay(-Cost.watch, by: watch.payer)
        ledger.payers.charge(watch.payer, -1, .watches)
    }

    // MARK: What is to be told

    /// Notes for those who watch a group that a membership has begun or ended.
    func note(
        _ change: Watch.Change, _ channel: Channel, _ group: Group, _ ledger: Ledger, _ effects: Effects,
        _ work: inout Int
    ) {
        guard !group.watches.isEmpty else { return }
        ledger.note(group.changes.append(change, channel.name))
        if ledger.isOverLimit {
            work += Work.look * group.watches.count
            for watch in group.watches { ledger.note(-watch.makeWholeDue()) }
            self.forgetChanges(of: group, ledger, &work)
        } else if group.changes.count > WatchNews.mostChanges + ChangeLog.slack {
            self.forgetChanges(of: group, ledger, &work)
        }
        guard !group.areListed else { return }
        work += Work.look * group.watches.count
        for watch in group.watches { self.list(watch, effects) }
        group.areListed = true
    }

    /// Forgets the changes that no watch has to look at; one that would have too many to look at is told the whole.
    private func forgetChanges(of group: Group, _ ledger: Ledger, _ work: inout Int) {
        work += Work.look * group.watches.count
        group.changes.tellings = 0
        var first = group.changes.end
        for watch in group.watches where watch.behind > 0 {
            if watch.behind > WatchNews.mostChanges {
                ledger.note(-watch.makeWholeDue())
            } else {
                first = min(first, watch.looked)
            }
        }
        ledger.note(-group.changes.forget(before: first))
    }

    /// A message has left the queue of a channel: more may be told if it was a watch's (T5), and the whole if it was
    /// lost (T6).
    func noteEnd(
        of message: QueuedMessage, in channel: Channel, isLost: Bool, _ ledger: Ledger,
        _ effects: Effects
    ) {
        guard let watch = channel.watches.first(where: { $0.waiting == message.body }) else { return }
        watch.waiting = nil
        if isLost { ledger.note(-watch.makeWholeDue()) }
        if watch.mayHaveNews { self.list(watch, effects) }
    }

    func tellWhole(_ watch: Watch, _ ledger: Ledger, _ effects: Effects) {
        ledger.note(-watch.makeWholeDue())
        self.list(watch, effects)
    }

    /// Puts a watch among the news, unless its turn comes later anyway.
    func list(_ watch: Watch, _ effects: Effects) {
        guard !watch.isListed, watch.waiting == nil, !watch.isOver else { return }
        watch.isListed = true
        if self.news.isEmpty { effects.append(.news) }
        self.news.append(watch)
    }

    /// Tries once more what found no room.
    func tellAgain(_ effects: Effects) {
        guard !self.heldBack.isEmpty else { return }
        let heldBack = self.heldBack
        self.heldBack = []
        for watch in heldBack {
            watch.isListed = false
            self.list(watch, effects)
        }
    }

    // MARK: Telling

    /// The next that has something to tell.
    func next(_ ledger: Ledger, _ work: inout Int) -> Watch? {
        while let watch = self.news.popFirst() {
            watch.isListed = false
            watch.group.areListed = false
            guard !watch.isOver else { continue }
            self.look(watch, ledger, &work)
            if watch.hasNews { return watch }
        }
        return nil
    }

    /// Has a watch look at what has changed, and forgets it when all have.
    private func look(_ watch: Watch, _ ledger: Ledger, _ work: inout Int) {
        work += Work.look + Work.change * watch.behind
        ledger.note(watch.look())
        if ledger.isOverLimit { ledger.note(-watch.makeWholeDue()) }
        let group = watch.group
        group.changes.tellings += 1
        if group.changes.tellings >= group.watches.count, group.changes.count > 0 {
            self.forgetChanges(of: group, ledger, &work)
        }
    }

    /// There is no room for its news now.
    func holdBack(_ watch: Watch) {
        watch.isListed = true
        self.heldBack.append(watch)
    }

    /// Tells nothing, now that nothing is told any more (X2).
    func forgetNews() {
        for watch in self.news {
            watch.isListed = false
            watch.group.areListed = false
        }
        self.news = []
    }
}
