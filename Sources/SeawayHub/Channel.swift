import DequeModule
import SeawayWire

/// The caller's number for a body that it keeps.
package typealias BodyID = UInt32

/// One message that waits on one channel.
struct QueuedMessage {
    let body: BodyID
    /// Among the siblings.
    var place: UInt32 = 0
    /// In bytes.
    let size: UInt32
    /// Who has stored it (M6).
    let payer: PayerID
    /// When it came, and when it expires.
    let began: Int
    var deadline: Int
    /// The group it came through.
    let group: Name?
    /// The channels of the same mailbox in which the same group send waits (D5).
    let siblings: Siblings?
    /// Read by ``lease``, ``death`` and ``asker``.
    var past: Past?

    /// What few messages have with them, in the room of one reference: there are very many messages.
    enum Past {
        case lease(Lease)
        case death(Death)
        case asker(Asker)
    }
}

extension QueuedMessage {
    /// It was delivered before, to be acknowledged, and came back.
    var lease: Lease? {
        get { if case .lease(let lease)? = self.past { lease } else { nil } }
        set {
            if let newValue {
                self.past = .lease(newValue)
            } else if case .lease? = self.past {
                self.past = nil
            }
        }
    }

    /// Why it is a dead letter.
    var death: Death? {
        get {
            switch self.past {
            case .death(let death): death
            case .lease(let lease): lease.death
            case .asker, nil: nil
            }
        }
        set { self.past = newValue.map(Past.death) }
    }

    /// Who wants to be told when it will not be done.
    var asker: Asker? {
        switch self.past {
        case .asker(let asker): asker
        case .lease(let lease): lease.asker
        case .death, nil: nil
        }
    }

    /// What it takes in memory.
    @inline(__always)
    var cost: Int {
        let cost = Cost.message(Int(self.size), group: self.group)
        return self.past == nil ? cost : cost + (self.asker?.cost ?? 0)
    }
}

/// The channels of one mailbox in which one group send was stored.
final class Siblings {
    /// How many that are not to be had one frame passes over.
    static let fewPassedOver = 32

    /// In the order of the group.
    var channels: [Channel] = []
    /// Behind the last that a frame has taken.
    var resume = 0
}

/// A named queue with its readers.
///
/// A record exists only while it holds something: messages, readers, memberships, watches or a pause.
final class Channel: Named {
    let name: Name
    let form: NameForm
    var rules: ChannelRules
    /// Where it belongs, when it is a reply channel.
    let mailbox: Mailbox?
    /// Who has made it (M6).
    var payer: PayerID = 0
    var queue: Deque<QueuedMessage> = []
    /// The most that it has held since its room was given back.
    var mostQueued: UInt32 = 0
    /// So many that their room is kept.
    static let fewQueued = 4
    /// So many that their room is not kept for a moment.
    static let manyQueued: UInt32 = 16
    /// It stands among those whose room may be given back.
    var isRoomy = false
    var queuedBytes = 0
    /// Messages that were handed out, and dropped, since the record was made.
    var handedOut = 0
    var dropped = 0
    /// Messages that readers hold (D9), and those that are not due yet, with their bytes (S11, D11).
    var held = 0
    var delayed = 0
    var delayedBytes = 0
    var readers: [Reader] = []
    /// Whose turn it is (D2).
    private var turn = 0
    /// No reader could take anything when last looked; spares looking at each for every message.
    var isStarved = false
    /// The groups that it is in, with who has made it a member (M6).
    var memberships: [ObjectIdentifier: (group: Group, payer: PayerID)] = [:]
    /// The groups that it is told of.
    var watches: [Watch] = []
    var isPaused = false {
        didSet { if self.isPaused != oldValue { self.mailbox?.paused += self.isPaused ? 1 : -1 } }
    }
    /// Among those of its mailbox.
    fileprivate var placeInMailbox = 0
    /// It stands in the mailbox's backlog.
    var isInBacklog = false
    /// An alarm for its oldest message is set.
    var hasAlarm = false
    /// When its last reader left, how long one may be missed at least before somebody is to be told, and when an alarm
    /// for that is set.
    var unreadSince = 0
    var leastPatience = Int.max
    var awayAlarm = Int.max
    /// When its memberships end for want of a reader (pinned channels).
    var graceEnds: Int?
    var hasGraceAlarm = false
    /// A store keeps its messages (D17): what it has delivered and is here, by where it stands there.
    var isStored = false
    var stored: [UInt64: Lease] = [:]
    /// How many of them the store was told that can be taken, and whether that is to be looked at.
    var demanded = 0
    var isDemandNoted = false
    /// The hub knows it no more.
    var isDropped = false

    init(_ name: Name, _ form: NameForm, _ rules: ChannelRules, _ mailbox: Mailbox?) {
        self.name = name
        self.form = form
        self.rules = rules
        self.mailbox = mailbox
    }

    var isUnused: Bool {
        !self.isDropped && self.queue.isEmpty && self.readers.isEmpty && self.memberships.isEmpty && !self.isPaused
            && self.watches.isEmpty && self.held == 0 && self.delayed == 0 && self.stored.isEmpty
    }

    /// Whether anybody listens on it or on its mailbox.
    var isHeard: Bool { !self.readers.isEmpty || self.mailbox?.reader != nil }

    /// Lets the mailbox's reader take from it in turn.
    @inline(__always)
    func enterBacklog() {
        guard let mailbox = self.mailbox, !self.isInBacklog, !self.isPaused, !self.queue.isEmpty, self.readers.isEmpty
        else { return }
        self.isInBacklog = true
        mailbox.backlog.append(self)
    }

    /// The next reader in turn that can take a message now.
    @inline(__always)
    func nextReader(nameLength: Int = 0) -> Reader? {
        if self.readers.isEmpty {
            guard let reader = self.mailbox?.reader, reader.pool.accepts(nameLength) else { return nil }
            return reader
        }
        guard !self.isStarved else { return nil }
        for _ in 0..<self.readers.count {
            if self.turn >= self.readers.count { self.turn = 0 }
            let reader = self.readers[self.turn]
            self.turn += 1
            if reader.pool.accepts(nameLength), !reader.isLaden { return reader }
        }
        self.isStarved = true
        return nil
    }
}

/// All reply channels of one reader.
final class Mailbox: Named {
    let name: Name
    /// Who has made it (M6).
    var payer: PayerID = 0
    /// The second limit of S5.
    var capacity: Room?
    var reader: Reader?
    var messages = 0
    var bytes = 0
    /// Its channels that have a record, in the order in which they came as long as none leaves.
    private(set) var channels: [Channel] = []
    /// How many of them are paused.
    fileprivate(set) var paused = 0
    /// Channels with messages for the mailbox's reader, in turn (D3).
    var backlog: Deque<Channel> = []
    /// A reader was here and may come back to what is kept.
    var isKept = false
    /// It ends, and not all of its channels have.
    weak var ending: Ending?
    /// Its memberships are being told to its reader.
    weak var telling: MembersTelling?
    /// When the memberships end for want of a reader.
    var graceEnds: Int?
    var hasGraceAlarm = false
    /// The hub knows it no more.
    var isDropped = false

    init(_ name: Name, capacity: Room?) {
        self.name = name
        self.capacity = capacity
    }

    var isUnused: Bool { !self.isDropped && self.reader == nil && self.channels.isEmpty && !self.isKept }

    func add(_ channel: Channel) {
        channel.placeInMailbox = self.channels.count
        self.channels.append(channel)
    }

    /// Removes a channel; the last takes its place. So whoever goes through them from the last to the first meets all
    /// that stay, some of them twice.
    func remove(_ channel: Channel) {
        let last = self.channels.removeLast()
        guard last !== channel else { return }
        self.channels[channel.placeInMailbox] = last
        last.placeInMailbox = channel.placeInMailbox
    }
}
