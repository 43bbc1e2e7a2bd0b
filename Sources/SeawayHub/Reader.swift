import SeawayWire

/// The caller's number for a connection; free again after ``Hub/disconnect(_:endMailboxes:now:)``.
package typealias PeerID = Int

/// A connection, as far as delivery goes.
final class Peer {
    /// What may be found when its readers are asked for messages.
    enum Prospect {
        /// They were asked, and nothing has changed since.
        case nothing
        /// Something for this one alone.
        case one(Reader)
        case any
    }

    let id: PeerID
    /// Who pays for what it has (M6).
    let payer: PayerID
    /// The common one (R1).
    let pool: CreditPool
    private(set) var readers: [Reader] = []
    /// The readers by name, once they are so many that looking through them takes its time.
    private var byName: [Name: Reader] = [:]
    private static let fewReaders = 8
    /// What it holds (T2).
    var watches: [Watch] = []
    /// What it has in hand and has not acknowledged (D9).
    var leases = Leases.Holder()
    /// An alarm for the longest held is set.
    var hasHoldAlarm = false
    /// What it is shown copies of (Y1).
    var tails: [Pattern] = []
    /// Where its copies of the latest message stand among those of all.
    var copies: Int?
    /// Whose turn it is (D3).
    var turn = 0
    var mayTake = Prospect.nothing

    private let owed: AnswersOwed
    private let demands: Demands

    init(id: PeerID, payer: PayerID, _ owed: AnswersOwed, _ demands: Demands) {
        self.id = id
        self.payer = payer
        self.owed = owed
        self.demands = demands
        self.pool = CreditPool(id, owed, demands)
    }

    /// It has other brokers, which get its answers when this one leaves (X3).
    func answersElsewhere() {
        self.pool.owesNothing = true
        for reader in self.readers { reader.pool.owesNothing = true }
    }

    fileprivate func makePool() -> CreditPool {
        let pool = CreditPool(self.id, self.owed, self.demands)
        pool.owesNothing = self.pool.owesNothing
        return pool
    }

    private func noteListening(_ reader: Reader, _ change: Int) {
        if reader.isOfNormalChannel { reader.pool.normals += change }
        guard reader.isOfMailbox else { return }
        if change > 0 { self.owed.listens(self.id) } else { self.owed.listensNoMore(self.id) }
    }

    /// How much of `max-names` it uses (L7).
    var names: Int { self.readers.count + self.watches.count + self.tails.count }

    /// It leaves too much unread (D6).
    var isBlocked: Bool {
        get { self.pool.isBlocked }
        set {
            self.pool.isBlocked = newValue
            for reader in self.readers { reader.pool.isBlocked = newValue }
        }
    }

    // MARK: Readers

    /// - Complexity: O(1).
    func reader(of name: Name) -> Reader? {
        guard self.readers.count > Self.fewReaders else { return self.readers.first { $0.name == name } }
        if self.byName.isEmpty { for reader in self.readers { self.byName[reader.name] = reader } }
        return self.byName[name]
    }

    func add(_ reader: Reader) {
        reader.place = self.readers.count
        self.readers.append(reader)
        self.noteListening(reader, 1)
        if !self.byName.isEmpty { self.byName[reader.name] = reader }
    }

    /// The turns of the others stay in their order.
    func remove(_ reader: Reader) {
        guard reader.place < self.readers.count, self.readers[reader.place] === reader else { return }
        self.readers.remove(at: reader.place)
        self.noteListening(reader, -1)
        for place in reader.place..<self.readers.count { self.readers[place].place = place }
        if !self.byName.isEmpty { self.byName[reader.name] = nil }
        if case .one(let other) = self.mayTake, other === reader { self.mayTake = .any }
    }

    func removeAllReaders() -> [Reader] {
        defer {
            for reader in self.readers { self.noteListening(reader, -1) }
            self.readers.removeAll()
            self.byName.removeAll()
            self.mayTake = .nothing
        }
        return self.readers
    }

    /// One reader has got credit of its own.
    func noteCredit(of reader: Reader) {
        switch self.mayTake {
        case .nothing: self.mayTake = .one(reader)
        case .one(let other) where other === reader: break
        case .one, .any: self.mayTake = .any
        }
    }
}

/// Credit, and the frame of a group send that is being filled from it.
final class CreditPool {
    /// Whose it is; a number and no reference, since it is looked at for every message.
    let peer: PeerID
    var credit = 0
    /// Frames that were paid from it and not made good by credit that came since: what its connection has in hand,
    /// where it grants one for each message that it has finished.
    private var spent = 0
    /// How many listenings on normal channels are paid from it.
    fileprivate(set) var normals = 0 { didSet { self.settle() } }
    /// Its connection answers elsewhere when this broker leaves.
    fileprivate(set) var owesNothing = false { didSet { self.settle() } }
    /// Answers are awaited from its connection for what was paid from it (X3).
    private(set) var owes = false
    private let owed: AnswersOwed
    /// Its connection leaves too much unread (D6).
    var isBlocked = false { didSet { self.noteDemand() } }
    /// Channels that a store keeps, and that are paid from it.
    var kept: [Channel] = []
    private let demands: Demands
    /// The open frame in the fan-out, −1 for none.
    var openFrame = -1
    /// Bytes that names may still take in the open frame's line.
    var roomInLine = 0

    init(_ peer: PeerID, _ owed: AnswersOwed, _ demands: Demands) {
        self.peer = peer
        self.owed = owed
        self.demands = demands
    }

    @inline(__always)
    func noteDemand() {
        if !self.kept.isEmpty { self.demands.note(self.kept) }
    }

    private func settle() {
        let owes = self.spent > 0 && self.normals > 0 && !self.owesNothing
        guard owes != self.owes else { return }
        self.owes = owes
        self.owed.pools += owes ? 1 : -1
    }

    /// Whether one more message, or one more name in the open frame, can be handed out.
    @inline(__always)
    func accepts(_ nameLength: Int) -> Bool {
        (self.openFrame >= 0 && self.roomInLine >= nameLength) || (self.credit > 0 && !self.isBlocked)
    }

    /// Pays for one frame.
    @inline(__always)
    func pay() {
        self.credit -= 1
        self.spent += 1
        if self.spent == 1 { self.settle() }
        self.noteDemand()
    }

    func grant(_ count: Int) {
        self.spent = max(0, self.spent - count)
        if self.owes { self.settle() }
        self.credit = count == 0 ? 0 : min(self.credit + count, Request.mostCredit)
        self.noteDemand()
    }
}

/// One connection's listening on one name.
final class Reader {
    enum Target {
        case channel(Channel)
        case mailbox(Mailbox)
    }

    unowned let peer: Peer
    let target: Target
    /// The connection's common one, or its own (R2).
    private(set) var pool: CreditPool
    /// Wants `JOINED` and `LEFT` (L5).
    var wantsMembers: Bool
    /// What it gets is to be acknowledged (L8).
    var acknowledges = false
    /// Among the readers of its connection.
    fileprivate(set) var place = 0

    init(_ peer: Peer, _ target: Target, wantsMembers: Bool) {
        self.peer = peer
        self.target = target
        self.pool = peer.pool
        self.wantsMembers = wantsMembers
    }

    /// Its connection holds as much as it may (D15).
    var isLaden: Bool { self.acknowledges && self.peer.leases.isFull }

    fileprivate var isOfNormalChannel: Bool {
        guard case .channel(let channel) = self.target else { return false }
        return channel.form == .normal
    }

    /// From now on it is paid from a pool of its own (R2).
    func takeOwnCreditPool() {
        let own = self.peer.makePool()
        if self.isOfNormalChannel {
            self.pool.normals -= 1
            own.normals += 1
        }
        if case .channel(let channel) = self.target, channel.isStored {
            self.pool.kept.removeAll { $0 === channel }
            own.kept.append(channel)
        }
        self.pool = own
    }

    var isOfMailbox: Bool {
        if case .mailbox = self.target { true } else { false }
    }

    var name: Name {
        switch self.target {
        case .channel(let channel): channel.name
        case .mailbox(let mailbox): mailbox.name
        }
    }

    /// Credit has come: it may be looked at again.
    func wake() {
        if case .channel(let channel) = self.target { channel.isStarved = false }
    }
}
