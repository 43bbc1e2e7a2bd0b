/// Requests that wait for their answers, each with a number and a time after which it waits no more.
struct NATSWaiting<Context> {
    fileprivate struct Place {
        let context: Context
        let deadline: Int
    }

    private var places: [UInt64: Place] = [:]
    private var last: UInt64 = 0
    /// Nothing is overdue before.
    private var earliest = Int.max

    var count: Int { self.places.count }
    var isEmpty: Bool { self.places.isEmpty }

    mutating func add(_ context: Context, until deadline: Int) -> UInt64 {
        self.last += 1
        self.places[self.last] = Place(context: context, deadline: deadline)
        self.earliest = min(self.earliest, deadline)
        return self.last
    }

    mutating func take(_ number: UInt64) -> Context? { self.places.removeValue(forKey: number)?.context }

    /// Those that have waited long enough, oldest first.
    mutating func takeOverdue(at now: Int) -> [Context] {
        guard self.earliest <= now else { return [] }
        let overdue = self.places.filter { $0.value.deadline <= now }.keys.sorted()
        let contexts = overdue.compactMap { self.take($0) }
        self.earliest = self.places.values.lazy.map(\.deadline).min() ?? .max
        return contexts
    }

    /// All of them, oldest first.
    mutating func takeAll() -> [Context] {
        defer {
            self.places.removeAll()
            self.earliest = .max
        }
        return self.places.sorted { $0.key < $1.key }.map(\.value.context)
    }
}

extension NATSWaiting.Place: Sendable where Context: Sendable {}
extension NATSWaiting: Sendable where Context: Sendable {}
