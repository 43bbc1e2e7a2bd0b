import SeawayWire

/// A message that was delivered to be acknowledged, or is not due yet, until it is over (D9, S11).
final class Lease {
    enum State {
        /// A connection has it in hand.
        case held
        /// It waits in its channel's queue, to be delivered again.
        case queued
        /// It is not due yet.
        case delayed
        /// Its store is asked whether it is done, so that its taker may have it (D20).
        case confirming
    }

    /// Who is to have a message that is being acknowledged, and has paid for it.
    struct Taker {
        let peer: Peer
        let pool: CreditPool
    }

    /// The number in its tag that says where it lies.
    fileprivate let place: Int
    /// 0 when it is over.
    fileprivate(set) var tag: UInt64 = 0
    var state = State.held
    /// Of one that is being confirmed.
    var taker: Taker?
    /// How often it was delivered, but for when nobody has begun with it.
    fileprivate(set) var times = 0
    /// It was delivered by this broker.
    fileprivate(set) var wasGivenOut = false
    /// Where it stands in the store that keeps it; `nil`: in none.
    fileprivate(set) var stored: UInt64?
    /// Who holds it, and until when.
    fileprivate(set) var holder: PeerID = -1
    fileprivate(set) var until = 0
    /// What of its message is looked at each time stands by itself: copying all of it takes longer than the rest.
    fileprivate(set) var body: BodyID = 0
    /// Who has sent it.
    fileprivate(set) var payer: PayerID = 0
    fileprivate(set) var cost = 0
    private var content: QueuedMessage?
    private var home: Channel?
    /// Among those of its holder, kept by ``Leases/all`` as long as they are linked: counting references to them takes
    /// longer than the rest.
    fileprivate var behind: Unmanaged<Lease>?
    fileprivate var before: Unmanaged<Lease>?

    fileprivate init(place: Int) { self.place = place }

    var message: QueuedMessage {
        guard let content = self.content else { preconditionFailure("lease \(self.place) is over") }
        return content
    }

    var channel: Channel {
        guard let channel = self.home else { preconditionFailure("lease \(self.place) is over") }
        return channel
    }

    /// It is not over.
    var isLive: Bool { self.tag != 0 }
    /// Of a dead letter; `nil` of any other, and when it is over.
    var death: Death? { self.content?.death }
    /// Who wants to be told when it will not be done; `nil`: nobody, or it is over.
    var asker: Asker? { self.content?.asker }

    fileprivate func begin(
        _ tag: UInt64, _ message: QueuedMessage, _ channel: Channel, _ state: State, _ stored: UInt64?, _ times: Int
    ) {
        self.tag = tag
        self.content = message
        self.home = channel
        (self.body, self.payer, self.cost) = (message.body, message.payer, message.cost)
        self.state = state
        self.stored = stored
        self.times = message.asker?.request.times ?? times
        self.wasGivenOut = false
        self.holder = -1
    }

    fileprivate func end() {
        self.tag = 0
        self.content = nil
        self.home = nil
        if self.taker != nil { self.taker = nil }
    }
}

/// All leases, found by their tags; those that one connection holds are chained, the longest held first.
final class Leases {
    /// What one connection holds.
    struct Holder {
        fileprivate var first: Unmanaged<Lease>?
        fileprivate var last: Unmanaged<Lease>?
        fileprivate(set) var count = 0
        /// It may hold no more.
        fileprivate(set) var isFull = false

        /// The longest held.
        var oldest: Lease? { self.first?.takeUnretainedValue() }

        /// The longest held of those that are wanted.
        func first(where isWanted: (Lease) -> Bool) -> Lease? {
            var lease = self.oldest
            while let current = lease, !isWanted(current) { lease = current.behind?.takeUnretainedValue() }
            return lease
        }

        /// What may be held no longer than until some time, the longest held first.
        func held(until limit: Int) -> [Lease] {
            var leases: [Lease] = []
            var next = self.oldest
            while let lease = next, lease.until <= limit {
                leases.append(lease)
                next = lease.behind?.takeUnretainedValue()
            }
            return leases
        }
    }

    /// Objects are used again: one for each message would take as long as all else.
    private var all: [Lease] = []
    private var free: [Lease] = []
    /// Numbers in order, behind which the place stands in a tag; not from one, so that no start has the tags of
    /// another.
    private var serial: UInt64
    private static let placeBits: UInt64 = 24
    /// How many one connection may hold.
    var mostHeld: Int
    private(set) var held = 0
    /// Messages that are being acknowledged for somebody (D20).
    var confirming = 0

    /// - Parameter serial: the first; at random where tags are not to be those of another start.
    init(mostHeld: Int, serial: UInt64 = .random(in: 1..<1 << 32)) {
        self.mostHeld = mostHeld
        self.serial = serial
    }

    /// How many there may be at most.
    static let most = 1 << 24

    var count: Int { self.all.count - self.free.count }

    /// Takes a message in; `nil` when there are too many.
    ///
    /// - Parameters:
    ///   - stored: where it stands in a store.
    ///   - times: how often it was delivered before.
    func insert(
        _ message: QueuedMessage, of channel: Channel, _ state: Lease.State, stored: UInt64? = nil, times: Int = 0
    ) -> Lease? {
        guard self.count < Self.most else { return nil }
        let lease: Lease
        if let used = self.free.popLast() {
            lease = used
        } else {
            lease = Lease(place: self.all.count)
            self.all.append(lease)
        }
        self.serial += 1
        lease.begin(self.serial << Self.placeBits | UInt64(lease.place), message, channel, state, stored, times)
        return lease
    }

    /// What is still there.
    func find(_ tag: UInt64) -> Lease? {
        let place = Int(tag & (1 << Self.placeBits - 1))
        guard place < self.all.count, self.all[place].tag == tag, tag != 0 else { return nil }
        return self.all[place]
    }

    func find(_ tag: DeliveryTag, on channel: Span<UInt8>) -> Lease? {
        guard let number = tag.number, let lease = self.find(number), lease.channel.name.bytes.equal(channel) else {
            return nil
        }
        return lease
    }

    /// It is over.
    func remove(_ lease: Lease) {
        lease.end()
        self.free.append(lease)
        // What a crowd has left is not kept for ever.
        if self.free.count == self.all.count, self.free.count > 1_024 {
            self.all = []
            self.free = []
        }
    }

    // MARK: Holding

    /// A connection has it in hand from now on.
    func give(_ lease: Lease, to id: PeerID, _ holder: inout Holder, until: Int) {
        lease.state = .held
        lease.holder = id
        lease.times += 1
        lease.wasGivenOut = true
        self.held += 1
        self.link(lease, &holder, until: until)
    }

    /// Nobody has begun with it: the latest time does not count.
    func uncount(_ lease: Lease) { lease.times -= 1 }

    /// It is held anew.
    func renew(_ lease: Lease, _ holder: inout Holder, until: Int) {
        self.unlink(lease, &holder)
        self.link(lease, &holder, until: until)
    }

    /// Nobody has it in hand any more.
    func take(_ lease: Lease, from holder: inout Holder) {
        self.unlink(lease, &holder)
        self.held -= 1
        lease.state = .queued
        lease.holder = -1
    }

    private func link(_ lease: Lease, _ holder: inout Holder, until: Int) {
        lease.until = until
        let link = Unmanaged.passUnretained(lease)
        lease.before = holder.last
        if let last = holder.last { last._withUnsafeGuaranteedRef { $0.behind = link } } else { holder.first = link }
        holder.last = link
        holder.count += 1
        holder.isFull = holder.count >= self.mostHeld
    }

    private func unlink(_ lease: Lease, _ holder: inout Holder) {
        let (before, behind) = (lease.before, lease.behind)
        if let behind { behind._withUnsafeGuaranteedRef { $0.before = before } } else { holder.last = before }
        if let before { before._withUnsafeGuaranteedRef { $0.behind = behind } } else { holder.first = behind }
        (lease.before, lease.behind) = (nil, nil)
        holder.count -= 1
        holder.isFull = holder.count >= self.mostHeld
    }
}

/// Why a message was given up (D14).
package final class Death: Hashable, Sendable {
    package enum Cause: String, Hashable, Sendable {
        /// It was delivered as often as may be.
        case tries
        /// Its holder has said so.
        case nak
    }

    package let cause: Cause
    /// How often it was delivered, and when it was given up.
    package let times: Int
    package let at: Int
    /// What its holder has said.
    package let why: String?

    package init(_ cause: Cause, times: Int, at: Int, why: String?) {
        self.cause = cause
        self.times = times
        self.at = at
        self.why = why
    }

    package static func == (left: Death, right: Death) -> Bool { left === right }

    package func hash(into hasher: inout Hasher) { hasher.combine(ObjectIdentifier(self)) }
}
