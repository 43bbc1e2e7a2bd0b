import DequeModule

/// Requests that wait for their answers, each with a number and a time after which it waits no more.
struct NATSWaiting<Context> {
    fileprivate struct Place {
        /// `nil`: it waits no more.
        var context: Context?
        let deadline: Int
    }

    /// In the order of their numbers; the first waits.
    private var places: Deque<Place> = []
    /// The number of the first.
    private var first: UInt64 = 1
    private(set) var count = 0
    /// Nothing is overdue before.
    private var earliest = Int.max

    var isEmpty: Bool { self.count == 0 }

    /// Whether so many wait, or one has waited for so long that four times as many have come behind it.
    func isFull(most: Int) -> Bool { self.count >= most || self.places.count >= 4 * most }

    mutating func add(_ context: Context, until deadline: Int) -> UInt64 {
        self.places.append(Place(context: context, deadline: deadline))
        self.count += 1
        self.earliest = min(self.earliest, deadline)
        return self.first + UInt64(self.places.count) - 1
    }

    func has(_ number: UInt64) -> Bool {
        number >= self.first && number - self.first < UInt64(self.places.count)
            && self.places[Int(number - self.first)].context != nil
    }

    mutating func take(_ number: UInt64) -> Context? {
        guard number >= self.first, number - self.first < UInt64(self.places.count),
            let context = self.places[Int(number - self.first)].context.take()
        else { return nil }
        self.count -= 1
        while let first = self.places.first, first.context == nil {
            self.places.removeFirst()
            self.first += 1
        }
        return context
    }

    /// Those that have waited long enough, oldest first.
    mutating func takeOverdue(at now: Int) -> [Context] {
        guard self.earliest <= now else { return [] }
        let overdue = self.places.indices.filter { self.places[$0].context != nil && self.places[$0].deadline <= now }
        let numbers = overdue.map { self.first + UInt64($0) }
        let contexts = numbers.compactMap { self.take($0) }
        self.earliest = self.places.lazy.filter { $0.context != nil }.map(\.deadline).min() ?? .max
        return contexts
    }

    /// All of them, oldest first.
    mutating func takeAll() -> [Context] {
        defer {
            self.first += UInt64(self.places.count)
            self.places = []
            self.count = 0
            self.earliest = .max
        }
        return self.places.compactMap(\.context)
    }
}

extension NATSWaiting.Place: Sendable where Context: Sendable {}
extension NATSWaiting: Sendable where Context: Sendable {}
