import DequeModule
import HeapModule
import SeawayWire

/// The store: channels, mailboxes, groups, credit and expiry; no bytes, no clock, no connections.
///
/// Bodies and connections are the caller's numbers; time comes in as milliseconds that never go back. Every call
/// answers at once with what to push; what else follows from it stands in ``effects`` until ``takeEffects()``.
/// Used from one thread.
package final class Hub {
    var configuration: HubConfiguration
    var channels = NameTable<Channel>()
    var mailboxes = NameTable<Mailbox>()
    var groups = NameTable<Group>()
    /// Channels and groups by name, for pages of them.
    var channelOrder = NameOrder<Channel>()
    var groupOrder = NameOrder<Group>()
    var closed: ClosedChannels
    /// The channel of the latest `SEND`: the next one is often for the same.
    var latest: Channel?
    private var peers: [Peer?] = []
    private var freePeers: [PeerID] = []
    let owed = AnswersOwed()
    let demands = Demands()
    /// Whether a store keeps the messages of a normal channel; `nil`: there is none.
    package var isKeptInStore: ((Span<UInt8>) -> Bool)?
    /// Messages that are being acknowledged for somebody (D20), and how long a store may take for it, in milliseconds.
    package internal(set) var confirming = 0
    package var confirmPatience = 2_000
    var alarms = Heap<Alarm>()
    /// Watches that have something to tell, and those that found no room for it.
    var news: Deque<Watch> = []
    var heldBack: [Watch] = []
    package internal(set) var watches = 0
    /// Connections that are shown copies, and how many patterns they have in all.
    var tailing: [Peer] = []
    package internal(set) var tails = 0
    /// Of the latest message.
    var copies: [Copies] = []
    /// Frames of the latest piece of a group send (``goOn(_:body:now:until:)``).
    package internal(set) var fanout = Fanout()
    package internal(set) var effects: [HubEffect] = []
    private var emptyEffects: [HubEffect] = []
    package internal(set) var counters = HubCounters()
    /// Of messages that were not handed out at once.
    package internal(set) var waits = WaitTimes()
    /// Messages that wait, a group's counted once a member.
    package internal(set) var queuedMessages = 0
    package internal(set) var queuedBytes = 0
    /// Bytes that everything here takes, roughly.
    package internal(set) var memory = 0
    /// What the caller holds for peers: it counts against the same limit (M1).
    var memoryElsewhere = MemoryParts()
    /// Who pays for what is held, and who does for what is asked now (M6).
    var payers = Payers()
    package var payer: PayerID = 0
    /// Over whose share the latest was that found no memory; `nil`: there was none.
    var overShare: ShareHolder?
    /// Channels whose queues had much in them and may have been emptied since.
    var roomy: [Channel] = []
    /// What of it is messages that wait.
    var messageMemory = 0
    package internal(set) var memberships = 0
    /// What was done so far, as the nanoseconds that it takes, roughly: what a turn of the loop is measured by (``Work``).
    package var work = 0
    /// How much of it one piece of what ends may take.
    package var piece = Int.max
    /// What ends in pieces, in its order.
    var endings: Deque<Ending> = []
    /// What has come to its end in time is not all gone.
    var isLate = false
    /// What is to be acknowledged, or is not due yet.
    package internal(set) var leases: Leases
    var dues = Heap<Due>()
    package internal(set) var delayedMessages = 0
    var onceKeys = OnceKeys()
    /// What senders are to be told of their messages (S14).
    var reports: Deque<DeliveryReport> = []

    package init(configuration: HubConfiguration) {
        self.configuration = configuration
        self.closed = ClosedChannels(limit: configuration.maxClosed)
        self.leases = Leases(mostHeld: configuration.maxHeld)
    }

    package var hasEffects: Bool { !self.effects.isEmpty }

    /// Whether ``nextNews()`` and ``nextReport()`` are to be asked.
    package var hasNews: Bool { !self.news.isEmpty || !self.reports.isEmpty }

    package func takeEffects() -> [HubEffect] {
        var taken = self.emptyEffects
        self.emptyEffects = []
        swap(&taken, &self.effects)
        return taken
    }

    /// Takes back what ``takeEffects()`` gave, for the room that it has.
    package func reuse(_ effects: inout [HubEffect]) {
        guard effects.capacity <= Self.mostEffectsKept else { return }
        effects.removeAll(keepingCapacity: true)
        swap(&effects, &self.emptyEffects)
    }

    private static let mostEffectsKept = 4_096

    // MARK: Connections

    /// Takes a number for a connection.
    ///
    /// - Parameters:
    ///   - address: where it comes from; all of one address have a share together (M6).
    ///   - token: the name of that with which it has logged in; empty for all who have none.
    package func connect(from address: String = "", token: String = "") -> PeerID {
        let payer = self.payers.open(address: address, token: token)
        if let id = self.freePeers.popLast() {
            self.peers[id] = Peer(id: id, payer: payer, self.owed, self.demands)
            return id
        }
        self.peers.append(Peer(id: self.peers.count, payer: payer, self.owed, self.demands))
        return self.peers.count - 1
    }

    /// Somebody who is no connection, and never leaves, pays for what it asks for.
    package func openAccount(from address: String, token: String) -> PayerID {
        self.payers.open(address: address, token: token)
    }

    /// It has logged in, and its token pays with it from now on.
    package func logIn(_ id: PeerID, token: String) { self.payers.move(self.peer(id).payer, to: token) }

    /// Who pays for what a connection has.
    package func payer(of id: PeerID) -> PayerID { self.peer(id).payer }

    /// Ends all listening of a connection and gives its number back.
    ///
    /// - Parameter endMailboxes: true after `QUIT` (K2): their messages and memberships end too. Else a mailbox is kept
    ///   for its reader's return (D7).
    package func disconnect(_ id: PeerID, endMailboxes: Bool, now: Int) {
        self.stopListening(id, endMailboxes: endMailboxes, now: now)
        self.payers.close(self.peer(id).payer)
        self.peers[id] = nil
        self.freePeers.append(id)
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

    /// How many names a connection listens on, watches or tails (L7), and its credit in all purses.
    package func listening(of id: PeerID) -> (names: Int, credit: Int) {
        let peer = self.peer(id)
        let own = peer.readers.lazy.filter { $0.purse !== peer.purse }.reduce(0) { $0 + $1.purse.credit }
        return (peer.names, peer.purse.credit + own)
    }

    /// Beyond every number that a connection has.
    var mostPeers: Int { self.peers.count }

    func peer(_ id: PeerID) -> Peer {
        guard let peer = self.peers[id] else { preconditionFailure("connection \(id) is not connected") }
        return peer
    }

    /// Whether it has not left meanwhile.
    func isConnected(_ peer: Peer) -> Bool { peer.id < self.peers.count && self.peers[peer.id] === peer }

    // MARK: Records

    func makeMailbox(_ name: Name) -> Mailbox {
        if let mailbox = self.mailboxes.find(name) { return mailbox }
        let mailbox = Mailbox(name, capacity: self.configuration.capacity(ofMailbox: name))
        mailbox.payer = self.payer
        self.mailboxes.insert(mailbox)
        self.pay(Cost.mailbox + name.bytes.count, by: self.payer)
        return mailbox
    }

    /// The channel's record, made when there is none; `nil` when there are too many (M2).
    func makeChannel(_ name: Name, _ form: NameForm) -> Channel? {
        if let channel = self.channels.find(name) { return channel }
        guard self.channels.count < self.configuration.maxChannels else { return nil }
        var mailbox: Mailbox?
        if case .reply(let length) = form { mailbox = self.makeMailbox(Name(checked: Array(name.bytes[..<length]))) }
        let channel = Channel(name, form, self.configuration.rules(for: name), mailbox)
        channel.payer = self.payer
        channel.isStored = form == .normal && self.isStored(name)
        self.channels.insert(channel)
        self.channelOrder.insert(channel)
        mailbox?.channels[ObjectIdentifier(channel)] = channel
        self.pay(Cost.channel + name.bytes.count, by: self.payer)
        self.payers.charge(self.payer, 1, .channels)
        return channel
    }

    /// Whether a store keeps a channel's messages.
    func isStored(_ name: Name) -> Bool { self.isKeptInStore?(name.bytes.span) == true }

    /// Drops the record of a channel that holds nothing, and that of its mailbox; passes over one that is dropped already.
    func dropIfUnused(_ channel: Channel) {
        guard channel.isUnused else { return }
        channel.isDropped = true
        channel.queue = []
        self.channels.remove(channel)
        self.channelOrder.remove(channel)
        self.pay(-(Cost.channel + channel.name.bytes.count), by: channel.payer)
        self.payers.charge(channel.payer, -1, .channels)
        guard let mailbox = channel.mailbox else { return }
        mailbox.channels[ObjectIdentifier(channel)] = nil
        self.dropIfUnused(mailbox)
    }

    func dropIfUnused(_ mailbox: Mailbox) {
        guard mailbox.isUnused else { return }
        mailbox.isDropped = true
        self.mailboxes.remove(mailbox)
        self.pay(-(Cost.mailbox + mailbox.name.bytes.count), by: mailbox.payer)
    }
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
    /// Messages that were held for too long, and that were given out as often as may be (D13, D14).
    package var overdue = 0
    package var worn = 0
    /// Memberships that ended since their reader was away for too long (J3).
    package var lapsed = 0
}
