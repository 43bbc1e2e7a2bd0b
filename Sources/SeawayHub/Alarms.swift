import HeapModule
import SeawayWire

/// When something ends by itself.
struct Alarm: Comparable {
    enum Kind {
        /// The oldest message of a channel expires.
        case expiry(Channel)
        /// The memberships of a mailbox without a reader end.
        case mailboxGrace(Mailbox)
        /// Those of a pinned channel without a reader end.
        case channelGrace(Channel)
        /// What a connection holds longest comes back.
        case hold(Peer)
        /// Nobody has listened on a channel for as long as somebody wants to be told of.
        case away(Channel)
    }

    let at: Int
    let kind: Kind

    /// Whether what it is for is still there.
    var isLive: Bool {
        switch self.kind {
        case .expiry(let channel), .channelGrace(let channel): !channel.isDropped
        case .mailboxGrace(let mailbox): !mailbox.isDropped
        case .hold(let peer): peer.leases.count > 0
        case .away(let channel): !channel.isDropped && channel.awayAlarm == self.at
        }
    }

    static func < (left: Alarm, right: Alarm) -> Bool { left.at < right.at }
    static func == (left: Alarm, right: Alarm) -> Bool { left.at == right.at }
}

/// Alarms, the next first; those of dropped records are forgotten when they are many.
final class Alarms {
    private var alarms = Heap<Alarm>()

    var next: Int? { self.alarms.min?.at }

    /// Those of dropped records included.
    var count: Int { self.alarms.count }

    /// - Parameter records: how many alarms those that are there may have at most.
    func insert(_ alarm: Alarm, records: Int) {
        self.alarms.insert(alarm)
        self.forgetDead(records: records)
    }

    /// Records come and go faster than their alarms: those of dropped ones must not pile up.
    func forgetDead(records: Int) {
        guard self.alarms.count > 64 + 2 * records else { return }
        self.alarms = Heap(self.alarms.unordered.filter(\.isLive))
    }

    func pop(now: Int) -> Alarm? {
        guard let first = self.alarms.min, first.at <= now else { return nil }
        return self.alarms.removeMin()
    }
}
