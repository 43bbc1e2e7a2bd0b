package import SeawayWire

/// One channel that is told who joins and leaves one group (T1 to T7).
final class Watch {
    enum Change { case joined, left }

    let group: Group
    let channel: Channel
    /// Who has asked for it first (M6).
    var payer: PayerID = 0
    /// Connections that hold it; it ends with the last.
    var holders: [PeerID] = []
    /// Members of the group as far as they were told.
    var told = 0
    /// The next message tells the whole.
    private(set) var isWholeDue = true
    /// What has changed since it was told last, as far as it has looked; nothing while the whole is due.
    private(set) var changes: [Name: Change] = [:]
    /// Bytes that they take.
    private var cost = 0
    /// Up to which of the group's changes it has looked.
    private(set) var looked = 0
    /// Among the watches of the group.
    var place = 0
    /// Its message that is in the channel's queue (T5).
    var waiting: BodyID?
    /// It stands among the hub's news, or among what was held back.
    var isListed = false
    /// It has ended.
    var isOver = false

    init(_ group: Group, _ channel: Channel) {
        self.group = group
        self.channel = channel
    }

    /// Whether there may be something to tell; ``look()`` finds out.
    var mayHaveNews: Bool { self.hasNews || self.behind > 0 }

    /// Whether there is, as far as it has looked.
    var hasNews: Bool { self.isWholeDue || !self.changes.isEmpty }

    /// Changes of the group that it has not looked at.
    var behind: Int { self.isWholeDue ? 0 : self.group.changes.end - self.looked }

    /// Looks at what has changed; one change that undoes another takes it back.
    ///
    /// - Returns: the bytes that this takes more of memory, or less.
    func look() -> Int {
        guard !self.isWholeDue else { return 0 }
        guard self.behind <= WatchNews.mostChanges else { return -self.makeWholeDue() }
        let before = self.cost
        self.group.changes.forEach(from: self.looked) { change, name in
            guard let former = self.changes.updateValue(change, forKey: name) else {
                self.cost += Self.cost(of: name)
                return
            }
            guard former != change else { return }
            self.changes[name] = nil
            self.cost -= Self.cost(of: name)
        }
        self.looked = self.group.changes.end
        let more = self.cost - before
        return self.changes.count > WatchNews.mostChanges ? more - self.makeWholeDue() : more
    }

    /// Forgets the changes, since the whole will be told.
    ///
    /// - Returns: the bytes that this gives back.
    func makeWholeDue() -> Int {
        self.isWholeDue = true
        defer {
            self.changes = [:]
            self.cost = 0
        }
        return self.cost
    }

    /// What is to be told now: the whole, or the first of the changes in the order of their names.
    func makeNews() -> WatchNews {
        guard !self.isWholeDue else {
            let members = self.group.order.elements(after: nil, most: WatchNews.mostNames).map(\.name)
            let hasMore = members.count < self.group.members.count
            return WatchNews(watch: self, count: self.group.members.count, content: .whole(members, hasMore: hasMore))
        }
        let names = self.changes.keys.sorted().prefix(WatchNews.mostNames)
        let joined = names.filter { self.changes[$0] == .joined }
        let left = names.filter { self.changes[$0] == .left }
        return WatchNews(
            watch: self, count: self.told + joined.count - left.count, content: .change(joined: joined, left: left))
    }

    /// The news have been handed out or stored.
    ///
    /// - Returns: the bytes that this gives back.
    func settle(_ news: WatchNews) -> Int {
        self.told = news.count
        switch news.content {
        case .whole:
            self.isWholeDue = false
            self.looked = self.group.changes.end
            return 0
        case .change(let joined, let left):
            for name in joined { self.changes[name] = nil }
            for name in left { self.changes[name] = nil }
            let bytes = (joined + left).reduce(0) { $0 + Self.cost(of: $1) }
            self.cost -= bytes
            return bytes
        }
    }

    static func cost(of name: Name) -> Int { Cost.change + name.bytes.count }
}

/// What a channel is to be told of a group now (T3).
package struct WatchNews {
    package enum Content: Hashable, Sendable {
        /// The first members by their names.
        case whole([Name], hasMore: Bool)
        /// By their names, at least one in all.
        case change(joined: [Name], left: [Name])
    }

    /// Names in one message (T3, T4).
    package static let mostNames = 1_000
    /// Changes that are gathered; with more the whole is told (T6).
    package static let mostChanges = 10_000

    let watch: Watch
    /// Members, when this has been told.
    package let count: Int
    package let content: Content

    /// Names in it.
    var names: Int {
        switch self.content {
        case .whole(let members, _): members.count
        case .change(let joined, let left): joined.count + left.count
        }
    }

    package var group: Name { self.watch.group.name }
    package var channel: Name { self.watch.channel.name }
}
