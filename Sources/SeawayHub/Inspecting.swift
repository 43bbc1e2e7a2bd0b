package import SeawayWire

/// Looking without touching, and clearing (section 4, MEMBERS, PEEK, STATS, FLUSH).
extension Hub {
    package struct Totals: Hashable, Sendable {
        package let channels: Int
        package let mailboxes: Int
        package let groups: Int
        package let memberships: Int
        package let watches: Int
        package let closed: Int
    }

    package var totals: Totals {
        Totals(
            channels: self.channels.count, mailboxes: self.mailboxes.count, groups: self.groups.count,
            memberships: self.memberships, watches: self.watches, closed: self.closed.count)
    }

    /// Bytes that count against `max-memory` (M1).
    package var memoryInAll: Int { self.memory + self.closed.memory + self.memoryElsewhere }

    /// Whether the caller may hold so many bytes more for a peer.
    package func hasRoom(for bytes: Int) -> Bool { self.hasMemory(for: bytes) }

    /// The members of a group in the order of their bytes.
    package func members(of group: Name) -> [Name] { self.groups.find(group)?.members.map(\.name).sorted() ?? [] }

    package struct ChannelReport: Hashable, Sendable {
        package let name: Name
        package let messages: Int
        package let bytes: Int
        /// Age of the oldest message in ms; `nil` when none waits.
        package let oldest: Int?
        package let readers: Int
        package let credit: Int
        package let isPaused: Bool
        /// Messages that were handed out, and dropped, since the hub has had a record of the channel.
        package let out: Int
        package let dropped: Int

        /// All that came in that time.
        package var `in`: Int { self.messages + self.out + self.dropped }
    }

    package func report(on name: Name, now: Int) -> ChannelReport {
        guard let channel = self.channels.find(name) else {
            return ChannelReport(
                name: name, messages: 0, bytes: 0, oldest: nil, readers: self.hasMailboxReader(name) ? 1 : 0, credit: 0,
                isPaused: false, out: 0, dropped: 0)
        }
        return self.report(on: channel, now: now)
    }

    private func hasMailboxReader(_ name: Name) -> Bool {
        guard case .reply(let length)? = NameForm(name.bytes.span) else { return false }
        return self.mailboxes.find(Name(checked: Array(name.bytes[..<length])))?.reader != nil
    }

    private func report(on channel: Channel, now: Int) -> ChannelReport {
        let readers = channel.readers.isEmpty ? channel.mailbox?.reader.map { [$0] } ?? [] : channel.readers
        return ChannelReport(
            name: channel.name, messages: channel.queue.count, bytes: channel.queuedBytes,
            oldest: channel.queue.first.map { now - $0.began }, readers: readers.count,
            credit: readers.reduce(0) { $0 + $1.purse.credit }, isPaused: channel.isPaused,
            out: channel.handedOut, dropped: channel.dropped)
    }

    /// All channels with a record, by name.
    package func channelReports(now: Int) -> [ChannelReport] {
        self.channels.all.map { self.report(on: $0, now: now) }.sorted { $0.name < $1.name }
    }

    /// All groups and how many members each has, by name.
    package var groupReports: [(name: Name, members: Int)] {
        self.groups.all.map { ($0.name, $0.members.count) }.sorted { $0.0 < $1.0 }
    }

    package struct WaitingMessage: Hashable, Sendable {
        package let body: BodyID
        package let size: Int
        /// Milliseconds since it was sent, and until it expires.
        package let age: Int
        package let left: Int
    }

    /// The messages that wait on a channel, oldest first.
    package func waiting(on name: Name, now: Int) -> [WaitingMessage] {
        guard let channel = self.channels.find(name) else { return [] }
        return channel.queue.filter { $0.deadline > now }.map {
            WaitingMessage(body: $0.body, size: $0.size, age: now - $0.began, left: $0.deadline - now)
        }
    }

    /// How many closed channels were forgotten before their time (C2).
    package var forgottenClosed: Int { self.closed.forgotten }

    /// Drops messages and memberships by pattern, all without one (Q5).
    ///
    /// - Returns: how many of each.
    package func flush(_ pattern: Pattern?) -> (messages: Int, memberships: Int) {
        let waiting = self.queuedMessages
        for channel in self.channels.all where pattern?.matches(channel.name) != false {
            self.dropAll(in: channel, .flushed)
            self.dropIfUnused(channel)
        }
        var memberships = 0
        for group in self.groups.all where pattern?.matches(group.name) != false { memberships += self.empty(group) }
        return (waiting - self.queuedMessages, memberships)
    }
}
