import DequeModule
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

    /// Messages that wait, a group's counted once a member, and their bytes.
    package var queuedMessages: Int { self.channels.messages }
    package var queuedBytes: Int { self.channels.bytes }

    package var memberships: Int { self.groups.memberships }

    package var totals: Totals {
        Totals(
            channels: self.channels.count, mailboxes: self.mailboxes.count, groups: self.groups.count,
            memberships: self.memberships, watches: self.presence.count, closed: self.closed.count)
    }

    /// Some rows of what is listed in the order of names, and whether there are more.
    package struct Page<Row> {
        package let rows: [Row]
        package let hasMore: Bool

        /// - Parameter found: one more than `most`, if there are so many.
        package init<Found>(_ found: [Found], most: Int, _ row: (Found) -> Row) {
            self.rows = found.prefix(most).map(row)
            self.hasMore = found.count > most
        }
    }

    /// How many members a group has.
    package func memberCount(of group: Name) -> Int { self.groups.find(group)?.members.count ?? 0 }

    /// Members of a group in the order of their bytes.
    ///
    /// - Complexity: O(log n + `most`).
    package func members(of group: Name, after name: Name?, most: Int) -> Page<Name> {
        let found = self.groups.find(group)?.order.elements(after: name, most: most + 1) ?? []
        self.work += Work.look * found.count
        return Page(found, most: most, \.name)
    }

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
        /// Those that connections hold, and those that are not due yet.
        package var held = 0
        package var delayed = 0

        /// The same of a channel whose messages a store has.
        package func inStore(waiting: Int, held: Int, delayed: Int) -> ChannelReport {
            ChannelReport(
                name: self.name, messages: waiting, bytes: 0, oldest: nil, readers: self.readers, credit: self.credit,
                isPaused: false, out: self.out, dropped: self.dropped, held: held, delayed: delayed)
        }

        /// All that came in that time.
        package var `in`: Int { self.messages + self.out + self.dropped + self.held + self.delayed }
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
        self.work += 4 * Work.change + readers.count * Work.look / 8
        return ChannelReport(
            name: channel.name, messages: channel.queue.count, bytes: channel.queuedBytes,
            oldest: channel.queue.first.map { now - $0.began }, readers: readers.count,
            credit: readers.reduce(0) { $0 + $1.pool.credit }, isPaused: channel.isPaused,
            out: channel.handedOut, dropped: channel.dropped, held: channel.held, delayed: channel.delayed)
    }

    /// Channels with a record, by name.
    ///
    /// - Complexity: O(log n + `most`), and the readers of each.
    package func channelReports(after name: Name?, most: Int, now: Int) -> Page<ChannelReport> {
        let found = self.channels.elements(after: name, most: most + 1)
        return Page(found, most: most) { self.report(on: $0, now: now) }
    }

    /// Groups and how many members each has, by name.
    ///
    /// - Complexity: O(log n + `most`).
    package func groupReports(after name: Name?, most: Int) -> Page<(name: Name, members: Int)> {
        let found = self.groups.elements(after: name, most: most + 1)
        self.work += Work.change * found.count
        return Page(found, most: most) { ($0.name, $0.members.count) }
    }

    package struct WaitingMessage: Hashable, Sendable {
        package let body: BodyID
        package let size: Int
        /// Milliseconds since it was sent, and until it expires.
        package let age: Int
        /// `nil`: it does not expire any more.
        package let left: Int?
        /// How often it was delivered before; 0 for most.
        package var times = 0
        package var death: Death?
    }

    /// Messages that wait on a channel, oldest first.
    ///
    /// - Parameter first: how many to pass over.
    /// - Complexity: O(`first` + `most`).
    package func waiting(
        on name: Name, from first: Int = 0, most: Int = .max - 1, now: Int
    ) -> Page<WaitingMessage> {
        var found: [WaitingMessage] = []
        var passed = 0
        var looks = 0
        for message in self.channels.find(name)?.queue ?? [] {
            guard found.count <= most else { break }
            looks += 1
            guard message.deadline > now else { continue }
            passed += 1
            guard passed > first else { continue }
            found.append(
                WaitingMessage(
                    body: message.body, size: Int(message.size), age: now - message.began,
                    left: message.lease == nil ? message.deadline - now : nil,
                    times: message.lease?.times ?? 0, death: message.death))
        }
        self.work += looks * Work.look / 8
        return Page(found, most: most) { $0 }
    }

    /// How many closed channels were forgotten before their time (C2).
    package var forgottenClosed: Int { self.closed.forgotten }

    /// Drops messages and memberships by pattern, all without one (Q5).
    ///
    /// - Returns: how many of each, when it is over.
    package func flush(_ pattern: Pattern?) -> Ending {
        let groups = self.groups.all.filter { !$0.members.isEmpty && pattern?.matches($0.name) != false }
        let ending = Ending(.flushed(pattern), self.inOrder(self.channels.all), groups)
        self.work += Work.look * (ending.channels.count + self.groups.count) / 2
        ending.messages = self.flushDelayed(pattern)
        self.begin(ending)
        return ending
    }
}
