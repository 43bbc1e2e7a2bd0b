import DequeModule
import HeapModule
import SeawayWire

/// The store: channels, mailboxes, groups, credit and expiry; no bytes, no clock, no connections.
///
/// Bodies and connections are the caller's numbers; time comes in as milliseconds that never go back. Every call
/// answers at once with what to push; what else follows from it stands in ``effects`` until ``takeEffects()``.
/// Used from one thread.
package final class Hub {
    let configuration: HubConfiguration
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
    package internal(set) var counters = HubCounters()
    /// Messages that wait, a group's counted once a member.
    package internal(set) var queuedMessages = 0
    package internal(set) var queuedBytes = 0
    /// Bytes that everything here takes, roughly.
    package internal(set) var memory = 0
    /// Bytes that the caller holds for peers: they count against the same limit (M1).
    package var memoryElsewhere = 0
    package internal(set) var memberships = 0
    /// What was done so far, as the nanoseconds that it takes, roughly: what a turn of the loop is measured by (``Work``).
    package var work = 0
    /// How much of it one piece of what ends may take.
    package var piece = Int.max
    /// What ends in pieces, in its order.
    var endings: Deque<Ending> = []
    /// What has come to its end in time is not all gone.
    var isLate = false

    package init(configuration: HubConfiguration) {
        self.configuration = configuration
        self.closed = ClosedChannels(limit: configuration.maxClosed)
    }

    package var hasEffects: Bool { !self.effects.isEmpty }

    /// Whether ``nextNews()`` is to be asked.
    package var hasNews: Bool { !self.news.isEmpty }

    package func takeEffects() -> [HubEffect] {
        defer { self.effects.removeAll(keepingCapacity: true) }
        return self.effects
    }

    // MARK: Connections

    /// Takes a number for a connection.
    package func connect() -> PeerID {
        if let id = self.freePeers.popLast() {
            self.peers[id] = Peer(id: id, self.owed)
            return id
        }
        self.peers.append(Peer(id: self.peers.count, self.owed))
        return self.peers.count - 1
    }

    /// Ends all listening of a connection and gives its number back.
    ///
    /// - Parameter endMailboxes: true after `QUIT` (K2): their messages and memberships end too. Else a mailbox is kept
    ///   for its reader's return (D7).
    package func disconnect(_ id: PeerID, endMailboxes: Bool, now: Int) {
        self.stopListening(id, endMailboxes: endMailboxes, now: now)
        self.peers[id] = nil
        self.freePeers.append(id)
    }

    /// Ends all listening, watching and tailing of a connection, which may go on to ask (F13).
    package func stopListening(_ id: PeerID, endMailboxes: Bool, now: Int) {
        let peer = self.peer(id)
        self.endWatches(of: peer)
        self.endTails(of: peer)
        for reader in peer.removeAllReaders() { self.detach(reader, endMailbox: endMailboxes, now: now) }
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

    func peer(_ id: PeerID) -> Peer {
        guard let peer = self.peers[id] else { preconditionFailure("connection \(id) is not connected") }
        return peer
    }

    // MARK: Records

    /// Whether so much more may be held (M1).
    func hasMemory(for bytes: Int) -> Bool {
        self.memory + self.closed.memory + self.memoryElsewhere + bytes <= self.configuration.maxMemory
    }

    func makeMailbox(_ name: Name) -> Mailbox {
        if let mailbox = self.mailboxes.find(name) { return mailbox }
        let mailbox = Mailbox(name, capacity: self.configuration.capacity(ofMailbox: name))
        self.mailboxes.insert(mailbox)
        self.memory += Cost.mailbox + name.bytes.count
        return mailbox
    }

    /// The channel's record, made when there is none; `nil` when there are too many (M2).
    func makeChannel(_ name: Name, _ form: NameForm) -> Channel? {
        if let channel = self.channels.find(name) { return channel }
        guard self.channels.count < self.configuration.maxChannels else { return nil }
        var mailbox: Mailbox?
        if case .reply(let length) = form { mailbox = self.makeMailbox(Name(checked: Array(name.bytes[..<length]))) }
        let channel = Channel(name, form, self.configuration.rules(for: name), mailbox)
        self.channels.insert(channel)
        self.channelOrder.insert(channel)
        mailbox?.channels[ObjectIdentifier(channel)] = channel
        self.memory += Cost.channel + name.bytes.count
        return channel
    }

    /// Drops the record of a channel that holds nothing, and that of its mailbox; passes over one that is dropped already.
    func dropIfUnused(_ channel: Channel) {
        guard channel.isUnused else { return }
        channel.isDropped = true
        self.channels.remove(channel)
        self.channelOrder.remove(channel)
        self.memory -= Cost.channel + channel.name.bytes.count
        guard let mailbox = channel.mailbox else { return }
        mailbox.channels[ObjectIdentifier(channel)] = nil
        self.dropIfUnused(mailbox)
    }

    func dropIfUnused(_ mailbox: Mailbox) {
        guard mailbox.isUnused else { return }
        mailbox.isDropped = true
        self.mailboxes.remove(mailbox)
        self.memory -= Cost.mailbox + mailbox.name.bytes.count
    }
}

/// What has happened since the start (Q4).
package struct HubCounters: Hashable, Sendable {
    /// Why a stored message was dropped.
    package enum Drop: String, CaseIterable, Hashable, Sendable { case expired, closed, unlistened, flushed }

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
    /// Memberships that ended since their reader was away for too long (J3).
    package var lapsed = 0
}
