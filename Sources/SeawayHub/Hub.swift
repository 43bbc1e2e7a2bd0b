import DequeModule
import SeawayWire

/// The store: channels, mailboxes, groups, credit and expiry; no bytes, no clock, no connections.
///
/// Bodies and connections are the caller's numbers; time comes in as milliseconds that never go back. Every call
/// answers at once with what to push; what else follows from it stands in ``effects`` until ``takeEffects()``.
/// Used from one thread.
package final class Hub {
    var configuration: HubConfiguration
    let channels = Channels()
    let mailboxes = Mailboxes()
    let groups = Groups()
    let closed: ClosedChannels
    let connections: Connections
    let owed = AnswersOwed()
    let demands = Demands()
    /// Whether a store keeps the messages of a normal channel; `nil`: there is none.
    package var isKeptInStore: ((Span<UInt8>) -> Bool)?
    /// How long a store may take to acknowledge a message for somebody (D20), in milliseconds.
    package var confirmPatience = 2_000
    let alarms = Alarms()
    let presence = Presence()
    let onlookers = Tails()
    /// Frames of the latest piece of a group send (``goOn(_:body:now:until:)``).
    package internal(set) var fanout = Fanout()
    let effects = Effects()
    package internal(set) var counters = HubCounters()
    /// Of messages that were not handed out at once.
    package internal(set) var waits = WaitTimes()
    /// What is held, and for whom.
    let ledger: Ledger
    /// Who pays for what is asked now (M6).
    package var payer: PayerID = 0
    /// What was done so far, as the nanoseconds that it takes, roughly: what a turn of the loop is measured by
    /// (``Work``).
    package var work = 0
    /// How much of it one piece of what ends may take.
    package var piece = Int.max
    /// What ends in pieces, in its order.
    var endings: Deque<Ending> = []
    /// What has come to its end in time is not all gone.
    var isLate = false
    /// What is to be acknowledged, or is not due yet, and when it is.
    let leases: Leases
    let delays = Delays()
    var onceKeys = OnceKeys()
    /// What senders are to be told of their messages (S14).
    var reports: Deque<DeliveryReport> = []

    package init(configuration: HubConfiguration) {
        self.configuration = configuration
        self.ledger = Ledger(most: configuration.maxMemory, shares: configuration.shares)
        self.connections = Connections(self.owed, self.demands)
        self.closed = ClosedChannels(limit: configuration.maxClosed)
        self.leases = Leases(mostHeld: configuration.maxHeld)
    }

    package var hasEffects: Bool { !self.effects.isEmpty }

    /// Whether ``nextNews()`` and ``nextReport()`` are to be asked.
    package var hasNews: Bool { self.presence.hasNews || !self.reports.isEmpty }

    package func takeEffects() -> [HubEffect] { self.effects.take() }

    /// Takes the bodies to each of which there is one reference less.
    package func takeReleased(_ take: (BodyID) -> Void) { self.effects.takeReleased(take) }

    /// Takes back what ``takeEffects()`` gave, for the room that it has.
    package func reuse(_ effects: inout [HubEffect]) { self.effects.reuse(&effects) }

    // MARK: Connections

    /// Takes a number for a connection.
    ///
    /// - Parameters:
    ///   - address: where it comes from; all of one address have a share together (M6).
    ///   - token: the name of that with which it has logged in; empty for all who have none.
    package func connect(from address: String = "", token: String = "") -> PeerID {
        self.connections.open(self.ledger.payers.open(address: address, token: token))
    }

    /// Somebody who is no connection, and never leaves, pays for what it asks for.
    package func openAccount(from address: String, token: String) -> PayerID {
        self.ledger.payers.open(address: address, token: token)
    }

    /// It has logged in, and its token pays with it from now on.
    package func logIn(_ id: PeerID, token: String) { self.ledger.payers.move(self.peer(id).payer, to: token) }

    /// Who pays for what a connection has.
    package func payer(of id: PeerID) -> PayerID { self.peer(id).payer }

    /// Ends all listening of a connection and gives its number back.
    ///
    /// - Parameter endMailboxes: true after `QUIT` (K2): their messages and memberships end too. Else a mailbox is kept
    ///   for its reader's return (D7).
    package func disconnect(_ id: PeerID, endMailboxes: Bool, now: Int) {
        self.stopListening(id, endMailboxes: endMailboxes, now: now)
        self.ledger.payers.close(self.peer(id).payer)
        self.connections.close(id)
    }

    /// Ends all listening, watching and tailing of a connection, which may go on to ask (F13).
    ///
    /// - Parameter keepingHeld: what it holds stays with it: what it has said of that is yet to be read.
    package func stopListening(_ id: PeerID, endMailboxes: Bool, keepingHeld: Bool = false, now: Int) {
        let peer = self.peer(id)
        self.endWatches(of: peer)
        self.endTails(of: peer)
        for reader in peer.removeAllReaders() { self.detach(reader, endMailbox: endMailboxes, now: now) }
        guard !keepingHeld else { return }
        self.giveBackAll(of: peer, after: endMailboxes ? 0 : self.configuration.returnDelay, now: now)
    }

    /// Says whether a connection leaves so much unread that nothing may be pushed to it (D6).
    package func setBlocked(_ id: PeerID, _ isBlocked: Bool) {
        let peer = self.peer(id)
        peer.isBlocked = isBlocked
        guard !isBlocked else { return }
        peer.readers.forEach { $0.wake() }
        peer.mayTake = .any
    }

    /// How many names a connection listens on, watches or tails (L7), and its credit in all pools.
    package func listening(of id: PeerID) -> (names: Int, credit: Int) {
        let peer = self.peer(id)
        let own = peer.readers.lazy.filter { $0.pool !== peer.pool }.reduce(0) { $0 + $1.pool.credit }
        return (peer.names, peer.pool.credit + own)
    }

    @inline(__always)
    func peer(_ id: PeerID) -> Peer { self.connections[id] }

    // MARK: Records

    func makeMailbox(_ name: Name) -> Mailbox {
        self.mailboxes.make(
            name, capacity: self.configuration.capacity(ofMailbox: name), by: self.payer, self.ledger)
    }

    /// The channel's record, made when there is none; `nil` when there are too many (M2).
    func makeChannel(_ name: Name, _ form: NameForm) -> Channel? {
        if let channel = self.channels.find(name) { return channel }
        guard self.channels.count < self.configuration.maxChannels else { return nil }
        var mailbox: Mailbox?
        if case .reply(let length) = form { mailbox = self.makeMailbox(Name(checked: Array(name.bytes[..<length]))) }
        let channel = Channel(name, form, self.configuration.rules(for: name), mailbox)
        channel.isStored = form == .normal && self.isStored(name)
        self.channels.insert(channel, by: self.payer, self.ledger)
        return channel
    }

    /// Whether a store keeps a channel's messages.
    func isStored(_ name: Name) -> Bool { self.isKeptInStore?(name.bytes.span) == true }

    /// Drops the record of a channel that holds nothing, and that of its mailbox; passes over one that is dropped
    /// already.
    func dropIfUnused(_ channel: Channel) {
        guard channel.isUnused else { return }
        self.channels.remove(channel, self.ledger)
        if let mailbox = channel.mailbox { self.dropIfUnused(mailbox) }
    }

    func dropIfUnused(_ mailbox: Mailbox) { self.mailboxes.dropIfUnused(mailbox, self.ledger) }
}

/// What has happened since the start (Q4).
package struct HubCounters: Hashable, Sendable {
    /// Why a stored message was dropped.
    package enum Drop: String, CaseIterable, Hashable, Sendable {
        case expired, closed, unlistened, flushed, dead, reported
    }

    /// `SEND` and `GSEND` that were not refused.
    package var sent = 0
    /// Messages handed to listeners, a group's counted once a member.
    package var delivered = 0
    /// Messages that had to wait first.
    package var stored = 0
    package var dropped: [Drop: Int] = [:]
    /// Members of groups that had no room.
    package var groupFull = 0
    /// Messages that told of a group, and how often one found no room.
    package var told = 0
    package var untold = 0
    /// Messages that were acknowledged, came back unacknowledged, and were given up (D9 to D14).
    package var acknowledged = 0
    package var returned = 0
    package var dead = 0
    /// Messages that were not taken since one with their key was (S12).
    package var repeated = 0
    /// Messages of whose end their senders were told, and those of which there was no room to tell them (S14).
    package var reported = 0
    package var unreported = 0
    /// How often a connection held as many as it may (D15).
    package var laden = 0
    /// Messages that were held for too long, and that were delivered as often as may be (D13, D14).
    package var overdue = 0
    package var worn = 0
    /// Memberships that ended since their reader was away for too long (J3).
    package var lapsed = 0
}
