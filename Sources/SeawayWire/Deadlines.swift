import DequeModule

/// Things that are due, in the order in which they were set: each is due no earlier than those set before.
package struct Deadlines<Key: Hashable & Sendable>: Sendable {
    private struct Place {
        let key: Key
        let deadline: Int
    }

    private var due: [Key: Int] = [:]
    /// Places of keys that were removed or set again stay until their time has come.
    private var places: Deque<Place> = []

    package init() {}

    package mutating func set(_ key: Key, _ deadline: Int) {
        self.due[key] = deadline
        self.places.append(Place(key: key, deadline: deadline))
    }

    package mutating func remove(_ key: Key) {
        self.due[key] = nil
        if self.due.isEmpty { self.places.removeAll(keepingCapacity: true) }
    }

    package mutating func popDue(at now: Int) -> Key? {
        while let first = self.places.first, first.deadline <= now {
            self.places.removeFirst()
            guard self.due[first.key] == first.deadline else { continue }
            self.due[first.key] = nil
            return first.key
        }
        return nil
    }
}
