package import DequeModule

/// What waits for a connection: in order, and not for ever.
package struct ClientWaiting<Item> {
    @usableFromInline
    package struct Place {
        let item: Item
        let size: Int
        let deadline: Int
    }

    @usableFromInline
    package private(set) var places: Deque<Place> = []
    /// Bytes of all that waits.
    package private(set) var size = 0

    package init() {}

    /// Inlinable, since it is asked for each message.
    @inlinable
    package var count: Int { self.places.count }

    /// - Parameter deadline: a time in milliseconds, not before that of the item before.
    package mutating func append(_ item: Item, size: Int, deadline: Int) {
        self.places.append(Place(item: item, size: size, deadline: deadline))
        self.size += size
    }

    /// The next that has waited too long.
    package mutating func popOverdue(at now: Int) -> Item? {
        guard let first = self.places.first, first.deadline <= now else { return nil }
        return self.pop()
    }

    package mutating func pop() -> Item? {
        guard let first = self.places.popFirst() else { return nil }
        self.size -= first.size
        return first.item
    }
}
