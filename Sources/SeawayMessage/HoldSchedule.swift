/// When messages that are in hand are to be held anew: a layer says so at a third of the time that they may be held
/// (D12).
package struct HoldSchedule: Sendable {
    private struct Entry: Sendable {
        let message: HeldMessage
        /// Milliseconds between two times.
        let interval: Int
        var due: Int
    }

    /// So many may be over before they are looked through.
    private static let leastSweep = 64

    private var entries: [Entry] = []
    private var nextSweep = Self.leastSweep
    private var nextDue = Int.max

    package init() {}

    /// How many there are, with those that are over and were not looked at since.
    package var count: Int { self.entries.count }

    /// - Parameter interval: milliseconds, at least 1.
    package mutating func add(_ message: HeldMessage, every interval: Int, now: Int) {
        if self.entries.count >= self.nextSweep {
            // As often as they have doubled, so that it costs the same for each however many there are.
            self.entries.removeAll { $0.message.isOver }
            self.nextSweep = max(Self.leastSweep, self.entries.count * 2)
        }
        let entry = Entry(message: message, interval: max(1, interval), due: now + max(1, interval))
        self.entries.append(entry)
        self.nextDue = min(self.nextDue, entry.due)
    }

    /// Those that are to be held anew now; each will be again.
    package mutating func takeDue(now: Int) -> [HeldMessage] {
        guard now >= self.nextDue else { return [] }
        self.nextDue = .max
        var due: [HeldMessage] = []
        self.entries.removeAll { $0.message.isOver }
        for place in self.entries.indices {
            if self.entries[place].due <= now {
                self.entries[place].due = now + self.entries[place].interval
                due.append(self.entries[place].message)
            }
            self.nextDue = min(self.nextDue, self.entries[place].due)
        }
        return due
    }

    /// It is not held any more.
    package mutating func remove(_ message: HeldMessage) { self.entries.removeAll { $0.message === message } }

    /// The connection is lost: none is.
    package mutating func removeAll() {
        self.entries = []
        self.nextSweep = Self.leastSweep
        self.nextDue = .max
    }
}
