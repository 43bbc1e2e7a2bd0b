import DequeModule
package import SeawayWire

/// A message on its way to the members of a group, in pieces where they are many (A6).
///
/// It goes to those who are members when it begins, unless they leave before their piece comes.
package final class GroupSend {
    /// `nil`: nobody is in it.
    let group: Group?
    let exception: Channel?
    let bounds: SendBounds?
    /// Of the body, in bytes.
    let size: Int
    /// Those who have had their piece stand before `next`, those who have joined since behind `end`; `nil` until the
    /// first piece has ended before all had theirs.
    private var marks: (next: Group.Mark, end: Group.Mark)?
    /// Of each mailbox in which it waits, and which is kept, since another could come to be in its place.
    private var siblings: [ObjectIdentifier: (mailbox: Mailbox, siblings: Siblings)] = [:]
    /// What has become of it so far.
    package internal(set) var outcome = GroupOutcome()
    package private(set) var isOver = false

    init(_ group: Group?, _ exception: Channel?, _ bounds: SendBounds?, size: Int) {
        self.group = group
        self.exception = exception
        self.bounds = bounds
        self.size = size
    }

    /// Those who have not had their piece.
    var rest: Range<Int> {
        guard let marks = self.marks else { return 0..<(self.isOver ? 0 : self.group?.members.count ?? 0) }
        return marks.next.place..<marks.end.place
    }

    /// All before a place have had their piece.
    func moved(to place: Int) {
        guard let group = self.group, place < self.rest.upperBound else { return self.end() }
        let marks = self.marks ?? (group.makeMark(at: place), group.makeMark(at: group.members.count))
        group.move(marks.next, to: place)
        self.marks = marks
    }

    /// The rest does not get it; to be called of one that is not over and is given up.
    package func end() {
        self.isOver = true
        guard let marks = self.marks else { return }
        self.group?.remove(marks.next)
        self.group?.remove(marks.end)
        self.marks = nil
    }

    func siblings(in mailbox: Mailbox) -> Siblings {
        if let known = self.siblings[ObjectIdentifier(mailbox)] { return known.siblings }
        let new = Siblings()
        self.siblings[ObjectIdentifier(mailbox)] = (mailbox, new)
        return new
    }
}

/// Messages in: to all members of a group (section 4, GSEND).
extension Hub {
    /// Members that are looked at between two looks at how much that was.
    private static let strides = (usual: 64, copied: 8)

    /// Begins to send a message to every member that has room; ``goOn(_:body:now:until:)`` does it.
    ///
    /// - Parameters:
    ///   - bounds: in place of those of each member's own.
    ///   - size: bytes of the body.
    package func makeGroupSend(
        _ name: Span<UInt8>, except: Name?, _ bounds: SendBounds? = nil, size: Int
    ) -> GroupSend {
        self.counters.sent += 1
        let exception = except.flatMap { self.channels.find($0) }
        return GroupSend(self.groups.find(name, NameHash(name)), exception, bounds, size: size)
    }

    /// Does a piece of it; what can be pushed at once stands in ``fanout``.
    ///
    /// - Parameters:
    ///   - body: gets as many references as are returned.
    ///   - limit: of ``work``, at which the piece ends.
    /// - Returns: in how many channels it was stored in this piece.
    package func goOn(_ send: GroupSend, body: BodyID, now: Int, until limit: Int = .max) -> Int {
        self.fanout.removeAll()
        let rest = send.rest
        guard let group = send.group, !rest.isEmpty else {
            send.end()
            return 0
        }
        let before = send.outcome
        let stride = self.onlookers.isEmpty ? Self.strides.usual : Self.strides.copied
        var openPools: [CreditPool] = []
        var place = rest.lowerBound
        while place < rest.upperBound, self.work < limit {
            let end = min(rest.upperBound, place + stride)
            self.work += Work.change * (end - place)
            self.send(send, to: group.members[place..<end], group, body, now, &openPools)
            place = end
        }
        for pool in openPools { pool.openFrame = -1 }
        send.moved(to: place)
        let stored = send.outcome.stored - before.stored
        self.counters.delivered += send.outcome.sent - before.sent - stored
        self.counters.groupFull += send.outcome.full - before.full
        return stored
    }

    private func send(
        _ send: GroupSend, to members: ArraySlice<Channel>, _ group: Group, _ body: BodyID, _ now: Int,
        _ openPools: inout [CreditPool]
    ) {
        let room = GroupLine.room(group: group.name)
        for channel in members where channel !== send.exception {
            let reader =
                channel.queue.isEmpty && !channel.isPaused
                ? channel.nextReader(nameLength: channel.name.bytes.count + 1) : nil
            if let reader, !reader.acknowledges {
                self.add(channel, to: reader.pool, room: room, &openPools)
                channel.handedOut += 1
                send.outcome.sent += 1
                if !self.onlookers.isEmpty { self.noteCopy(channel.name) }
            } else {
                let others = channel.mailbox.map { send.siblings(in: $0) }
                let refusal = self.store(
                    body, send.size, in: channel, send.bounds, group: group.name, siblings: others, now: now)
                if refusal == nil {
                    self.work += Work.change
                    self.makeRoom(in: channel)
                    others?.channels.append(channel)
                    if let reader { self.offer(reader) }
                    send.outcome.sent += 1
                    send.outcome.stored += 1
                    if !self.onlookers.isEmpty { self.noteCopy(channel.name) }
                } else {
                    send.outcome.full += 1
                }
            }
        }
    }

    /// Makes room for half as many messages again as there are, or a third, when what there was is used up: queues that
    /// grow by themselves would do so in very many channels in one moment, and nobody would know what that takes.
    private func makeRoom(in channel: Channel) {
        let count = channel.queue.count
        guard count >= 8 else { return }
        let power = 1 << (Int.bitWidth - 1 - count.leadingZeroBitCount)
        guard count == power || count == power + power / 2 else { return }
        self.work += count * Work.look
        channel.queue.reserveCapacity(count == power ? power + power / 2 : 2 * power)
    }

    /// Puts a channel into the pool's open frame, or into a new one that costs a credit (G4).
    @inline(__always)
    private func add(_ channel: Channel, to pool: CreditPool, room: Int, _ openPools: inout [CreditPool]) {
        let length = channel.name.bytes.count + 1
        if pool.openFrame >= 0, pool.roomInLine >= length {
            self.fanout.add(channel.name, to: pool.openFrame)
            pool.roomInLine -= length
            return
        }
        if pool.openFrame < 0 { openPools.append(pool) }
        pool.pay()
        pool.openFrame = self.fanout.open(pool.peer, channel.name)
        pool.roomInLine = room - length
    }

    /// A send to a group for whose body there was no memory: nobody gets it, and each is counted (M1).
    package func countAsFull(_ name: Name, except: Name?) -> GroupOutcome {
        self.counters.sent += 1
        let group = self.groups.find(name)
        let isLeftOut = except.flatMap { self.channels.find($0) }.map { group?.contains($0) == true } == true
        let full = (group?.members.count ?? 0) - (isLeftOut ? 1 : 0)
        self.counters.groupFull += full
        return GroupOutcome(full: full)
    }
}
