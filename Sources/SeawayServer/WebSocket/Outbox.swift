import NIOCore

/// What waits for one client, within bounds (``OutboxPolicy``).
package struct Outbox<Message> {
    package struct Limits: Hashable, Sendable {
        package var policy: OutboxPolicy
        /// Bytes; one message may be larger.
        package var maxBytes: Int
        package var maxMessages: Int
        /// Bytes under ``OutboxPolicy/wait`` at the very most.
        package var maxOverflow: Int

        package init(policy: OutboxPolicy, maxBytes: Int, maxMessages: Int, maxOverflow: Int) {
            self.policy = policy
            self.maxBytes = maxBytes
            self.maxMessages = maxMessages
            self.maxOverflow = maxOverflow
        }
    }

    package enum Outcome: Hashable, Sendable {
        case queued
        /// Queued, and so many others dropped for it.
        case dropped(WebSocketDrop, count: Int)
        /// Not queued: the bound of all bounds is reached.
        case overflow
    }

    private let limits: Limits
    private var queue = CircularBuffer<(message: Message, size: Int, own: Int)>(initialCapacity: 0)
    package private(set) var bytes = 0
    /// Of these, the bytes that are held for this client alone.
    package private(set) var ownBytes = 0
    /// More waits than the bound allows, or did, and a quarter of it is not reached yet.
    package private(set) var isBlocked = false

    package init(_ limits: Limits) { self.limits = limits }

    package var policy: OutboxPolicy { self.limits.policy }
    package var count: Int { self.queue.count }

    /// Whether the next message would make the policy act.
    package func isFull(for size: Int) -> Bool {
        guard !self.queue.isEmpty else { return false }
        return self.limits.policy == .keepNewest || self.bytes + size > self.limits.maxBytes
            || self.queue.count >= self.limits.maxMessages
    }

    /// - Parameters:
    ///   - size: bytes.
    ///   - own: of these, the bytes that are held for this client alone; all unless given.
    package mutating func append(_ message: Message, size: Int, own: Int? = nil) -> Outcome {
        let isFull = self.isFull(for: size)
        if isFull, self.limits.policy == .wait, self.bytes + size > self.limits.maxOverflow { return .overflow }
        var dropped = 0
        while self.limits.policy != .wait, self.isFull(for: size), self.removeFirst() != nil { dropped += 1 }
        self.queue.append((message, size, own ?? size))
        self.bytes += size
        self.ownBytes += own ?? size
        if isFull { self.isBlocked = true }
        return dropped == 0
            ? .queued : .dropped(self.limits.policy == .keepNewest ? .replaced : .oldest, count: dropped)
    }

    package mutating func next() -> Message? {
        guard let message = self.removeFirst() else { return nil }
        if self.bytes <= self.limits.maxBytes / 4, self.queue.count <= self.limits.maxMessages / 4 {
            self.isBlocked = false
        }
        return message
    }

    /// The size of the message that ``next()`` would give.
    package var nextSize: Int? { self.queue.first?.size }

    /// Gives up what waits.
    ///
    /// - Returns: how many messages.
    package mutating func removeAll() -> Int {
        let count = self.queue.count
        self.queue = CircularBuffer(initialCapacity: 0)
        self.bytes = 0
        self.ownBytes = 0
        self.isBlocked = false
        return count
    }

    private mutating func removeFirst() -> Message? {
        guard let (message, size, own) = self.queue.popFirst() else { return nil }
        self.bytes -= size
        self.ownBytes -= own
        // What was needed once in a while is not kept for ever.
        if self.queue.isEmpty, self.queue.capacity > 32 { self.queue = CircularBuffer(initialCapacity: 0) }
        return message
    }
}
