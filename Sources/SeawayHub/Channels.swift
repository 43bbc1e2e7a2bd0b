import DequeModule
import SeawayWire

/// The channels that have a record, and what waits in all of them.
final class Channels {
    private var table = NameTable<Channel>()
    /// By name, for pages of them.
    private var order = NameOrder<Channel>()
    /// That of the latest `SEND`: the next one is often for the same.
    private var latest: Channel?
    /// Those whose queues had much in them and may have been emptied since.
    private var roomy: [Channel] = []
    /// Messages that wait, a group's counted once a member, and their bytes.
    private(set) var messages = 0
    private(set) var bytes = 0

    // MARK: Records

    var count: Int { self.table.count }

    /// In no order.
    var all: [Channel] { self.table.all }

    @inline(__always)
    func find(_ name: Span<UInt8>, _ hash: NameHash) -> Channel? { self.table.find(name, hash) }

    func find(_ name: Name) -> Channel? { self.table.find(name) }

    /// By name.
    func elements(after name: Name?, most: Int) -> [Channel] { self.order.elements(after: name, most: most) }

    /// The channel of the message before, if this one is for the same: then it need not be looked up.
    @inline(__always)
    func latest(if name: Span<UInt8>, _ form: NameForm) -> Channel? {
        guard form == .normal, let latest = self.latest, !latest.isDropped, latest.name.bytes.equal(name) else {
            return nil
        }
        return latest
    }

    func noteLatest(_ channel: Channel) { self.latest = channel }

    /// Takes in one that has no record yet.
    func insert(_ channel: Channel, by payer: PayerID, _ ledger: Ledger) {
        channel.payer = payer
        self.table.insert(channel)
        self.order.insert(channel)
        channel.mailbox?.add(channel)
        ledger.pay(Cost.channel + channel.name.bytes.count, by: payer)
        ledger.payers.charge(payer, 1, .channels)
    }

    func remove(_ channel: Channel, _ ledger: Ledger) {
        channel.isDropped = true
        channel.queue = []
        self.table.remove(channel)
        self.order.remove(channel)
        channel.mailbox?.remove(channel)
        ledger.pay(-(Cost.channel + channel.name.bytes.count), by: channel.payer)
        ledger.payers.charge(channel.payer, -1, .channels)
    }

    // MARK: What waits

    /// Puts a message whose memory counts into its queue.
    @inline(__always)
    func enter(_ message: QueuedMessage, _ channel: Channel, atFront: Bool) {
        if atFront { channel.queue.prepend(message) } else { channel.queue.append(message) }
        let size = Int(message.size)
        channel.mostQueued = max(channel.mostQueued, UInt32(channel.queue.count))
        channel.queuedBytes += size
        channel.mailbox?.messages += 1
        channel.mailbox?.bytes += size
        self.messages += 1
        self.bytes += size
        channel.enterBacklog()
    }

    /// It stands in no queue any more, but is still there.
    @inline(__always)
    func note(_ message: QueuedMessage, leaving channel: Channel) {
        let size = Int(message.size)
        channel.queuedBytes -= size
        channel.mailbox?.messages -= 1
        channel.mailbox?.bytes -= size
        self.messages -= 1
        self.bytes -= size
    }

    // MARK: The room of queues

    /// Sees to it that an emptied queue gives its room back: at once if it is much, else if nothing has come to it by
    /// the next ``giveRoomBack(until:_:)``.
    @inline(__always)
    func noteRoom(of channel: Channel) {
        guard channel.mostQueued > Channel.fewQueued, channel.queue.isEmpty, !channel.isRoomy else { return }
        guard channel.mostQueued <= Channel.manyQueued else {
            channel.queue = []
            channel.mostQueued = 0
            return
        }
        channel.isRoomy = true
        self.roomy.append(channel)
    }

    /// Gives back what emptied queues have kept.
    func giveRoomBack(until limit: Int, _ work: inout Int) {
        while let channel = self.roomy.last, work < limit {
            work += Work.look
            self.roomy.removeLast()
            channel.isRoomy = false
            guard channel.queue.isEmpty else { continue }
            channel.queue = []
            channel.mostQueued = 0
        }
        if self.roomy.isEmpty { self.roomy = [] }
    }
}
