import HeapModule
package import SeawayWire

/// One channel that is told who joins and leaves one group (T1 to T7).
final class Watch {
    enum Change { case joined, left }

    let group: Group
    let channel: Channel
    /// Connections that hold it; it ends with the last.
    var holders: [PeerID] = []
    /// Members of the group as far as they were told.
    var told = 0
    /// The next message tells the whole.
    private(set) var isWholeDue = true
    /// What has changed since it was told last; nothing while the whole is due.
    private(set) var changes: [Name: Change] = [:]
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

    var hasNews: Bool { self.isWholeDue || !self.changes.isEmpty }

    /// Notes a change; one that undoes another takes it back.
    ///
    /// - Returns: the bytes that this takes more of memory, or less.
    func note(_ change: Change, _ name: Name) -> Int {
        guard !self.isWholeDue else { return 0 }
        guard let former = self.changes.updateValue(change, forKey: name) else { return Self.cost(of: name) }
        guard former != change else { return 0 }
        self.changes[name] = nil
        return -Self.cost(of: name)
    }

    /// Forgets the changes, since the whole will be told.
    ///
    /// - Returns: the bytes that this gives back.
    func makeWholeDue() -> Int {
        self.isWholeDue = true
        defer { self.changes = [:] }
        return self.changes.keys.reduce(0) { $0 + Self.cost(of: $1) }
    }

    /// What is to be told now: the whole, or the first of the changes in the order of their names.
    func makeNews() -> WatchNews {
        guard !self.isWholeDue else {
            let members = self.group.firstMembers(WatchNews.mostNames)
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
            return 0
        case .change(let joined, let left):
            for name in joined { self.changes[name] = nil }
            for name in left { self.changes[name] = nil }
            return (joined + left).reduce(0) { $0 + Self.cost(of: $1) }
        }
    }

    private static func cost(of name: Name) -> Int { Cost.change + name.bytes.count }
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

    package var group: Name { self.watch.group.name }
    package var channel: Name { self.watch.channel.name }
}

extension Group {
    /// The first members by the bytes of their names, in order.
    ///
    /// - Complexity: O(n log `most`).
    fileprivate func firstMembers(_ most: Int) -> [Name] {
        guard self.members.count > most else { return self.members.map(\.name).sorted() }
        var first = Heap(self.members.prefix(most).map(\.name))
        for member in self.members.dropFirst(most) {
            if let last = first.max, member.name < last { first.replaceMax(with: member.name) }
        }
        return first.unordered.sorted()
    }
}
