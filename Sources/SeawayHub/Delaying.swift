import DequeModule
import HeapModule
import SeawayWire

/// When a message is due that is not to be delivered before.
struct Due: Comparable {
    let at: Int
    /// Of its lease; those of one moment come in the order in which they were sent.
    let tag: UInt64

    static func < (left: Due, right: Due) -> Bool { (left.at, left.tag) < (right.at, right.tag) }
}

/// Messages that are not due yet: sent so (S11), or given back (D11, D13).
extension Hub {
    /// When ``wake(now:)`` has something to give out, in the caller's milliseconds; `nil`: not known of anything.
    package var nextDue: Int? { self.dues.min?.at }

    /// Keeps a message until it is due.
    ///
    /// - Parameters: as those of ``send(to:_:ifHeard:_:body:size:now:)``.
    func sendLater(
        to name: Span<UInt8>, _ form: NameForm, ifHeard: Bool, _ bounds: SendBounds?, after delay: Int, body: BodyID,
        size: Int, now: Int
    ) -> SendOutcome {
        if form != .normal, self.closed.contains(name, NameHash(name), now: now) { return .refused(.gone) }
        if ifHeard, !self.isHeard(name, form) { return .refused(.away) }
        guard self.delayedMessages < self.configuration.maxDelayed else {
            return .refused(
                .limit(of: .delayed, most: self.configuration.maxDelayed, given: self.configuration.maxDelayed + 1))
        }
        guard self.hasMemory(for: Cost.channel + Cost.lease + name.count + Cost.message(size, group: nil)) else {
            return .refused(self.isFull)
        }
        if self.channels.find(name, NameHash(name)) == nil {
            do throws(WireRefusal) { try self.checkChannels(more: 1) } catch { return .refused(error) }
        }
        guard let channel = self.makeChannel(Name(checked: name.array), form) else { return .refused(self.noChannel) }
        self.dropExpired(in: channel, now: now)
        if let refusal = self.whyFull(channel, size, bounds) {
            self.dropIfUnused(channel)
            return .refused(refusal)
        }
        let due = now + delay
        let message = QueuedMessage(
            body: body, size: UInt32(size), payer: self.payer, began: now,
            deadline: due + (bounds?.expiry ?? channel.rules.expiry), group: nil, siblings: nil)
        guard let lease = self.makeLease(of: message, channel, .delayed) else {
            self.dropIfUnused(channel)
            return .refused(self.isFull)
        }
        self.count(message, in: true)
        self.counters.sent += 1
        self.counters.stored += 1
        if !self.tailing.isEmpty { self.noteCopy(channel.name) }
        self.delay(lease, until: due)
        return .stored
    }

    /// - Parameter lease: of what nobody has in hand, and stands in no queue.
    func delay(_ lease: Lease, until due: Int) {
        lease.state = .delayed
        self.delayedMessages += 1
        lease.channel.delayed += 1
        lease.channel.delayedBytes += Int(lease.message.size)
        self.dues.insert(Due(at: due, tag: lease.tag))
    }

    /// It waits for its time no more.
    func endDelay(_ lease: Lease) {
        self.delayedMessages -= 1
        lease.channel.delayed -= 1
        lease.channel.delayedBytes -= Int(lease.message.size)
    }

    /// Puts what is due into its queues, as far as the turn goes: what was given out before to their fronts, in order.
    ///
    /// - Returns: whether all is done.
    func giveOutDue(now: Int, until limit: Int) -> Bool {
        var again: [Lease] = []
        defer { for lease in again.reversed() { self.enqueueAgain(lease) } }
        while let due = self.dues.min, due.at <= now {
            guard self.work < limit else { return false }
            self.work += Work.change
            self.dues.removeMin()
            guard let lease = self.leases.find(due.tag) else { continue }
            if case .confirming = lease.state { self.unconfirmed(lease) }
            guard case .delayed = lease.state else { continue }
            self.endDelay(lease)
            if lease.times > 0 { again.append(lease) } else { self.arrive(lease, now: now) }
        }
        return true
    }

    /// What was sent for later is there, as if it were sent now.
    private func arrive(_ lease: Lease, now: Int) {
        let channel = lease.channel
        let message = lease.message
        self.endLease(lease)
        self.enter(message, channel, atFront: false)
        if channel.form != .normal, self.closed.contains(channel.name, now: now) {
            self.dropAll(in: channel, .closed)
            self.dropIfUnused(channel)
            return
        }
        self.setAlarm(for: channel)
        self.offer(channel)
    }

    /// What was given out before waits again, in front of all others.
    func enqueueAgain(_ lease: Lease) {
        lease.state = .queued
        var message = lease.message
        message.deadline = .max
        message.lease = lease
        self.enter(message, lease.channel, atFront: true)
        self.offer(lease.channel)
    }

    /// Puts a message whose memory counts into its queue.
    @inline(__always)
    func enter(_ message: QueuedMessage, _ channel: Channel, atFront: Bool) {
        if atFront { channel.queue.prepend(message) } else { channel.queue.append(message) }
        let size = Int(message.size)
        channel.mostQueued = max(channel.mostQueued, UInt32(channel.queue.count))
        channel.queuedBytes += size
        channel.mailbox?.messages += 1
        channel.mailbox?.bytes += size
        self.queuedMessages += 1
        self.queuedBytes += size
        self.enterBacklog(channel)
    }

    /// Has whoever can take from a channel be asked.
    func offer(_ channel: Channel) {
        if channel.readers.isEmpty {
            if let reader = channel.mailbox?.reader { self.offer(reader) }
        } else if !channel.isPaused, let reader = channel.nextReader() {
            self.offer(reader)
        }
    }

    /// Drops what is delayed on channels whose names match.
    ///
    /// - Returns: how many.
    func flushDelayed(_ pattern: Pattern?) -> Int {
        guard !self.dues.isEmpty else { return 0 }
        self.work += Work.look * self.dues.count
        var left: [Due] = []
        var dropped = 0
        for due in self.dues.unordered {
            guard let lease = self.leases.find(due.tag) else { continue }
            if case .confirming = lease.state { left.append(due) }
            guard case .delayed = lease.state else { continue }
            let channel = lease.channel
            guard pattern?.matches(channel.name) != false else {
                left.append(due)
                continue
            }
            self.endDelay(lease)
            self.forget(lease, .flushed, .flushed)
            dropped += 1
        }
        self.dues = Heap(left)
        return dropped
    }
}
