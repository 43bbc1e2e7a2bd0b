import DequeModule

/// Where a message stands.
package struct HeldKey: Hashable, Sendable {
    /// By a number: it is looked up several times for each message.
    package let stream: Int
    package let sequence: UInt64

    /// In the stream of what is to come later.
    ///
    /// - Parameter pattern: the number of the durable pattern.
    package init(laterOf pattern: Int, sequence: UInt64) { self.init(stream: -1 - pattern, sequence: sequence) }

    package init(stream: Int, sequence: UInt64) {
        self.stream = stream
        self.sequence = sequence
    }
}

/// What has come and is in hand here, and when the engine is to be told so again, lest it give that to others.
package struct HeldMessages<Place> {
    private struct Held {
        let place: Place
        var reply: String
        /// When it is told of next; what stands in the line for another time is void.
        var due: Int
    }

    private var held: [HeldKey: Held] = [:]
    /// By when they are due, since all are told of as often.
    private var line: Deque<(due: Int, key: HeldKey)> = []
    private let interval: Int

    /// - Parameter interval: milliseconds.
    package init(interval: Int) { self.interval = interval }

    package var count: Int { self.held.count }
    package var all: [(key: HeldKey, place: Place)] { self.held.map { ($0.key, $0.value.place) } }
    package func has(_ key: HeldKey) -> Bool { self.held[key] != nil }

    /// A message has come.
    ///
    /// - Returns: whether it is new; of one that is here already only what is to be said of it, and where, has changed.
    package mutating func take(_ key: HeldKey, _ place: Place, reply: String, at now: Int) -> Bool {
        if let known = self.held.updateValue(Held(place: place, reply: reply, due: now + self.interval), forKey: key) {
            self.held[key]?.due = known.due
            return false
        }
        self.line.append((now + self.interval, key))
        return true
    }

    /// - Returns: where the engine is told of it; `nil`: it is not in hand.
    package mutating func release(_ key: HeldKey) -> String? {
        let reply = self.held.removeValue(forKey: key)?.reply
        // What has left stays in the line until its time, but for not more than as much again.
        if self.line.count > 2 * self.held.count + 1_024 {
            self.line.removeAll { self.held[$0.key]?.due != $0.due }
        }
        return reply
    }

    /// Those that the engine is to be told of now: where.
    package mutating func takeDue(at now: Int) -> [String] {
        var replies: [String] = []
        while let first = self.line.first, first.due <= now {
            self.line.removeFirst()
            guard let held = self.held[first.key], held.due == first.due else { continue }
            replies.append(held.reply)
            self.held[first.key]?.due = now + self.interval
            self.line.append((now + self.interval, first.key))
        }
        return replies
    }
}
