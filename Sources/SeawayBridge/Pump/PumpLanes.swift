import DequeModule

/// What waits to be sent, a lane for each destination; bounded over all lanes.
///
/// The first of a lane stays in it, and counts, until it was dealt with: so a lane has one message under way and keeps
/// its order.
package struct PumpLanes<Item: Sendable>: Sendable {
    package struct Limits: Hashable, Sendable {
        package var messages: Int
        package var bytes: Int

        package init(messages: Int, bytes: Int) {
            self.messages = messages
            self.bytes = bytes
        }
    }

    package enum Put: Hashable, Sendable {
        /// There is no room.
        case full
        /// The lane was empty: somebody has to begin to empty it.
        case begun
        /// Behind others.
        case queued
    }

    private struct Entry: Sendable {
        let item: Item
        let size: Int
    }

    private let limits: Limits
    private var lanes: [Destination: Deque<Entry>] = [:]
    package private(set) var messages = 0
    package private(set) var bytes = 0

    package init(limits: Limits) { self.limits = limits }

    package var isEmpty: Bool { self.messages == 0 }

    /// Whether a message of that size has room; where nothing waits one of any size has.
    package func hasRoom(for size: Int) -> Bool {
        self.isEmpty || (self.messages < self.limits.messages && size <= self.limits.bytes - self.bytes)
    }

    /// - Parameter size: in bytes.
    package mutating func put(_ item: Item, size: Int, to destination: Destination) -> Put {
        guard self.hasRoom(for: size) else { return .full }
        self.messages += 1
        self.bytes += size
        guard self.lanes[destination] != nil else {
            self.lanes[destination] = [Entry(item: item, size: size)]
            return .begun
        }
        self.lanes[destination]?.append(Entry(item: item, size: size))
        return .queued
    }

    /// The oldest of a lane, which stays in it.
    package func first(of destination: Destination) -> Item? { self.lanes[destination]?.first?.item }

    /// The oldest of a lane was dealt with.
    ///
    /// - Returns: the next of the lane; with nil the lane is over, and a later message begins another.
    package mutating func removeFirst(of destination: Destination) -> Item? {
        guard let entry = self.lanes[destination]?.popFirst() else { return nil }
        self.messages -= 1
        self.bytes -= entry.size
        if let next = self.lanes[destination]?.first { return next.item }
        self.lanes[destination] = nil
        return nil
    }
}
