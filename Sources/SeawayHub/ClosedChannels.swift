import DequeModule
import SeawayWire

/// Which reply channels are over, for a while (C1, C2).
final class ClosedChannels {
    final class Entry: Named {
        let name: Name
        var until: Int

        init(name: Name, until: Int) {
            self.name = name
            self.until = until
        }
    }

    /// Where there are more, those beyond it are forgotten as others come.
    var limit: Int
    private var table = NameTable<Entry>()
    private var order: Deque<Entry> = []
    /// How many were forgotten before their time (C2).
    private(set) var forgotten = 0

    init(limit: Int) { self.limit = limit }

    var count: Int { self.table.count }

    @inline(__always)
    func contains(_ name: Span<UInt8>, _ hash: NameHash, now: Int) -> Bool {
        guard self.table.count > 0, let entry = self.table.find(name, hash) else { return false }
        return now < entry.until
    }

    func contains(_ name: Name, now: Int) -> Bool {
        self.contains(name.bytes.span, NameHash(name.bytes.span), now: now)
    }

    func insert(_ name: Name, until: Int, now: Int, _ ledger: Ledger) {
        self.forget(now: now, most: 64, ledger)
        if let entry = self.table.find(name) {
            entry.until = until
            return
        }
        let entry = Entry(name: name, until: until)
        self.table.insert(entry)
        self.order.append(entry)
        ledger.noteClosed(Cost.closed + name.bytes.count)
        // A few at a time, where the limit is a lower one now.
        for _ in 0..<min(64, max(0, self.order.count - self.limit)) {
            self.forgotten += 1
            self.removeFirst(ledger)
        }
    }

    /// Forgets the oldest as far as their time is over, so many at most.
    ///
    /// - Returns: how many.
    @discardableResult
    func forget(now: Int, most: Int, _ ledger: Ledger) -> Int {
        var count = 0
        while count < most, let first = self.order.first, first.until <= now {
            self.removeFirst(ledger)
            count += 1
        }
        return count
    }

    private func removeFirst(_ ledger: Ledger) {
        guard let first = self.order.popFirst() else { return }
        self.table.remove(first)
        ledger.noteClosed(-(Cost.closed + first.name.bytes.count))
    }
}
