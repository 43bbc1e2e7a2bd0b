import DequeModule
package import SeawayWire

/// What the sender of the message that is being sent wants to be told (S14): filled anew for each, so that nothing is
/// allocated for a message that nobody is to acknowledge.
package final class ReportWish {
    private var channel: [UInt8] = []
    private(set) var patience: Int?
    private var times = 0
    private var note: String?

    package init() {}

    /// - Parameter channel: the bytes of a legal reply channel.
    package func set(_ channel: Span<UInt8>, patience: Int?, times: Int, note: String? = nil) {
        self.channel.removeAll(keepingCapacity: true)
        for index in 0..<channel.count { self.channel.append(channel[index]) }
        self.patience = patience
        self.times = times
        self.note = note
    }

    /// For a message that is kept.
    var asker: Asker {
        // Copied, so that the room here is used again.
        let channel = self.channel.withUnsafeBufferPointer(Array.init)
        return Asker(
            ReportRequest(to: Name(checked: channel), patience: self.patience, times: self.times, note: self.note))
    }
}

/// Who wants to be told when a message will not be done (S14).
final class Asker {
    let request: ReportRequest

    init(_ request: ReportRequest) { self.request = request }

    var cost: Int { Cost.asker + self.request.channel.bytes.count + (self.request.note?.utf8.count ?? 0) }
}

/// What the sender of a message is told: that it will not be done, and why (S14).
package struct DeliveryReport: Hashable, Sendable {
    package enum Why: String, CaseIterable, Hashable, Sendable {
        /// Its holder's connection has ended, or its time for it.
        case lost
        /// Its holder gave it up, or gave it back once too often.
        case nak, tries
        /// Nobody listens.
        case away
        case expired, closed, unlistened, flushed, dead

        init(_ reason: HubCounters.Drop) {
            switch reason {
            case .expired: self = .expired
            case .closed: self = .closed
            case .unlistened: self = .unlistened
            case .flushed: self = .flushed
            case .dead: self = .dead
            case .reported: self = .away
            }
        }
    }

    /// Where it is told.
    package let target: Name
    /// Where the message was.
    package let channel: Name
    package let why: Why
    /// How often it was delivered.
    package let times: Int
    package let note: String?
    /// What its holder has said.
    package let text: String?
    /// Who pays for it, as for the message.
    fileprivate let payer: PayerID

    fileprivate var cost: Int {
        Cost.asker + self.target.bytes.count + (self.note?.utf8.count ?? 0) + (self.text?.utf8.count ?? 0)
    }
}

extension QueuedMessage {
    /// How often it was delivered.
    var times: Int {
        switch self.past {
        case .lease(let lease): lease.times
        case .asker(let asker): asker.request.times
        case .death, nil: 0
        }
    }
}

/// Senders are told what becomes of their messages (S14).
extension Hub {
    /// Has the sender of a message that leaves for good told why, if it wants to be.
    func report(
        _ message: QueuedMessage, of channel: Channel, _ why: DeliveryReport.Why, times: Int, _ text: String? = nil
    ) {
        guard let request = message.asker?.request else { return }
        self.work += Work.change
        if self.reports.isEmpty { self.effects.append(.news) }
        let report = DeliveryReport(
            target: request.channel, channel: channel.name, why: why, times: times, note: request.note, text: text,
            payer: message.payer)
        self.ledger.pay(report.cost, by: report.payer)
        self.reports.append(report)
    }

    /// The next that is to be told; the caller makes a body of it and calls ``tell(_:body:size:now:)``.
    package func nextReport() -> DeliveryReport? { self.reports.popFirst() }

    /// Puts a report where it is to be told, if there is room.
    ///
    /// - Parameter body: used only when the outcome is `stored` or `held`.
    package func tell(_ report: DeliveryReport, body: BodyID, size: Int, now: Int) -> SendOutcome {
        self.work += Work.change
        guard let form = NameForm(report.target.bytes.span) else { return .refused(.name) }
        self.payer = report.payer
        defer { self.payer = 0 }
        let outcome = self.put(
            on: report.target.bytes.span, form, ifHeard: false, nil, nil, body: body, size: size, now: now)
        // Not before: its payer may have left, and have nothing else.
        self.ledger.pay(-report.cost, by: report.payer)
        if case .refused = outcome { self.counters.unreported += 1 } else { self.counters.reported += 1 }
        return outcome
    }

    // MARK: Patience

    /// A message waits whose sender is patient for so long.
    func note(_ patience: Int, on channel: Channel, now: Int) {
        channel.leastPatience = min(channel.leastPatience, patience)
        if channel.readers.isEmpty { self.setAwayAlarm(for: channel, at: now) }
    }

    /// Sees to it that senders are told in time that nobody listens.
    ///
    /// - Parameter start: since when nobody does.
    func setAwayAlarm(for channel: Channel, at start: Int) {
        guard channel.leastPatience < .max, !channel.queue.isEmpty else { return }
        self.setAwayAlarm(for: channel, to: start + channel.leastPatience)
    }

    /// One alarm counts for each channel, the earliest.
    private func setAwayAlarm(for channel: Channel, to time: Int) {
        guard time < channel.awayAlarm else { return }
        channel.awayAlarm = time
        self.insert(Alarm(at: time, kind: .away(channel)))
    }

    /// Tells those whose patience has ended that nobody listens.
    func endPatience(on channel: Channel, now: Int) {
        guard !channel.isDropped, channel.readers.isEmpty else { return }
        self.work += Work.look * channel.queue.count / 8
        var isOver: [Bool] = []
        var (next, least) = (Int.max, Int.max)
        for message in channel.queue {
            guard let patience = message.asker?.request.patience else {
                isOver.append(false)
                continue
            }
            let end = max(channel.unreadSince, message.began) + patience
            isOver.append(end <= now)
            guard end > now else { continue }
            next = min(next, end)
            least = min(least, patience)
        }
        channel.leastPatience = least
        if isOver.contains(true) {
            let messages = channel.queue
            channel.queue = []
            for (message, isOver) in zip(messages, isOver) {
                if isOver { self.drop(message, from: channel, .reported) } else { channel.queue.append(message) }
            }
            self.dropIfUnused(channel)
        }
        if next < .max { self.setAwayAlarm(for: channel, to: next) }
    }
}
