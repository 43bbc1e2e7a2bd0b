import SeawayWire

/// Time: expiry of messages and of what an absent reader has left (S6, J3).
extension Hub {
    /// When ``wake(now:)`` has something to do, in the caller's milliseconds; `nil`: never.
    package var nextAlarm: Int? { self.alarms.next }

    /// How many alarms are set, those of dropped records included.
    package var alarmCount: Int { self.alarms.count }

    /// Ends what has come to its end, or a piece of it; what is left is late (``goOnEnding(now:)``).
    package func wake(now: Int) {
        let limit = self.pieceLimit
        self.isLate = false
        self.work += Work.look * self.closed.forget(now: now, most: self.piece / Work.change, self.ledger)
        self.presence.tellAgain(self.effects)
        self.channels.giveRoomBack(until: limit, &self.work)
        self.alarms.forgetDead(records: self.alarmedRecords)
        self.forgetKeys(now: now)
        guard self.giveOutDue(now: now, until: limit) else {
            self.isLate = true
            return
        }
        while let next = self.alarms.next, next <= now {
            guard self.work < limit else {
                self.isLate = true
                return
            }
            self.work += Work.look
            guard let alarm = self.alarms.pop(now: now) else { break }
            switch alarm.kind {
            case .expiry(let channel):
                channel.hasAlarm = false
                self.dropExpired(in: channel, now: now, until: limit)
                self.setAlarm(for: channel)
                self.dropIfUnused(channel)
            case .mailboxGrace(let mailbox):
                mailbox.hasGraceAlarm = false
                self.endGrace(of: mailbox, now: now)
            case .channelGrace(let channel):
                channel.hasGraceAlarm = false
                self.endGrace(of: channel, now: now)
            case .hold(let peer): self.endHold(of: peer, now: now)
            case .away(let channel):
                guard alarm.isLive else { continue }
                channel.awayAlarm = .max
                self.endPatience(on: channel, now: now)
            }
        }
    }

    /// Sees to it that the channel's oldest message ends in time; one alarm a channel at most.
    func setAlarm(for channel: Channel) {
        guard !channel.hasAlarm, let first = channel.queue.first else { return }
        channel.hasAlarm = true
        self.insert(Alarm(at: first.deadline, kind: .expiry(channel)))
    }

    /// Begins the grace time of a mailbox whose reader is not there.
    func beginGrace(of mailbox: Mailbox, now: Int) {
        mailbox.graceEnds = now + self.configuration.mailboxGrace
        self.setGraceAlarm(for: mailbox)
    }

    func beginGrace(of channel: Channel, now: Int) {
        channel.graceEnds = now + self.configuration.mailboxGrace
        self.setGraceAlarm(for: channel)
    }

    private func setGraceAlarm(for mailbox: Mailbox) {
        guard !mailbox.hasGraceAlarm, let end = mailbox.graceEnds else { return }
        mailbox.hasGraceAlarm = true
        self.insert(Alarm(at: end, kind: .mailboxGrace(mailbox)))
    }

    private func setGraceAlarm(for channel: Channel) {
        guard !channel.hasGraceAlarm, let end = channel.graceEnds else { return }
        channel.hasGraceAlarm = true
        self.insert(Alarm(at: end, kind: .channelGrace(channel)))
    }

    func insert(_ alarm: Alarm) { self.alarms.insert(alarm, records: self.alarmedRecords) }

    private var alarmedRecords: Int { 2 * self.channels.count + self.mailboxes.count + self.connections.end }

    private func endGrace(of mailbox: Mailbox, now: Int) {
        guard !mailbox.isDropped, mailbox.reader == nil, let end = mailbox.graceEnds else { return }
        // The reader came and went since the alarm was set.
        guard end <= now else { return self.setGraceAlarm(for: mailbox) }
        mailbox.graceEnds = nil
        mailbox.isKept = false
        self.end(mailbox, .lapsed)
    }

    private func endGrace(of channel: Channel, now: Int) {
        guard !channel.isDropped, channel.readers.isEmpty, let end = channel.graceEnds else { return }
        guard end <= now else { return self.setGraceAlarm(for: channel) }
        channel.graceEnds = nil
        self.counters.lapsed += channel.memberships.count
        self.endMemberships(of: channel)
        self.dropIfUnused(channel)
    }
}
