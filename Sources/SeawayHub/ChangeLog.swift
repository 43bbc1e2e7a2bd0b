import DequeModule
import SeawayWire

/// What has changed in one group, for all its watches together: each knows how far it was told (T4).
///
/// So a join costs the same however many watch; what each is to be told is found out when it is told.
struct ChangeLog {
    private var changes: Deque<(change: Watch.Change, name: Name)> = []
    /// The number of the first that is held.
    private var first = 0
    /// Watches that were told since it was looked how much of it nobody needs.
    var tellings = 0

    /// How many may be held beyond what a watch gathers, before it is looked who needs them.
    static let slack = 1_000

    var count: Int { self.changes.count }

    /// The number of the next.
    var end: Int { self.first + self.changes.count }

    /// - Returns: the bytes that this takes more of memory.
    mutating func append(_ change: Watch.Change, _ name: Name) -> Int {
        self.changes.append((change, name))
        return Watch.cost(of: name)
    }

    /// Forgets those before a number.
    ///
    /// - Returns: the bytes that this gives back.
    mutating func forget(before number: Int) -> Int {
        let count = min(self.changes.count, number - self.first)
        guard count > 0 else { return 0 }
        let bytes = self.changes.prefix(count).reduce(0) { $0 + Watch.cost(of: $1.name) }
        self.changes.removeFirst(count)
        self.first += count
        return bytes
    }

    /// Calls `body` with each from a number on.
    func forEach(from number: Int, _ body: (Watch.Change, Name) -> Void) {
        for (change, name) in self.changes.dropFirst(number - self.first) { body(change, name) }
    }
}
