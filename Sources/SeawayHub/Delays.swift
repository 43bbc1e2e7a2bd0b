import HeapModule
import SeawayWire

/// When a message is due that is not to be delivered before.
struct Due: Comparable {
    let at: Int
    /// Of its lease; those of one moment come in the order in which they were sent.
    let tag: UInt64

    static func < (left: Due, right: Due) -> Bool { (left.at, left.tag) < (right.at, right.tag) }
}

/// Messages that are not due yet (S11, D11, D13), and when those that are being acknowledged have to be (D20).
final class Delays {
    private var dues = Heap<Due>()
    /// Messages that are not due.
    private(set) var count = 0

    var isEmpty: Bool { self.dues.isEmpty }

    /// When ``pop(now:)`` has something.
    var next: Int? { self.dues.min?.at }

    /// In no order.
    var all: [Due] { self.dues.unordered }

    /// - Parameter lease: of what nobody has in hand, and stands in no queue.
    func begin(_ lease: Lease, until due: Int, _ ledger: Ledger) {
        lease.state = .delayed
        self.count += 1
        // Of what was given out and came back its sender knows nothing.
        if !lease.wasGivenOut { ledger.payers.charge(lease.payer, 1, .delayed) }
        lease.channel.delayed += 1
        lease.channel.delayedBytes += Int(lease.message.size)
        self.remind(of: lease, at: due)
    }

    /// It waits for its time no more.
    func end(_ lease: Lease, _ ledger: Ledger) {
        self.count -= 1
        if !lease.wasGivenOut { ledger.payers.charge(lease.payer, -1, .delayed) }
        lease.channel.delayed -= 1
        lease.channel.delayedBytes -= Int(lease.message.size)
    }

    /// Has a message be looked at, if it is still there.
    func remind(of lease: Lease, at time: Int) { self.dues.insert(Due(at: time, tag: lease.tag)) }

    func pop(now: Int) -> Due? {
        guard let first = self.dues.min, first.at <= now else { return nil }
        return self.dues.removeMin()
    }

    /// Forgets all but some of ``all``.
    func keep(_ dues: [Due]) { self.dues = Heap(dues) }
}
