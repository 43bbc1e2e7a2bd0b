package import SeawayLog

/// The spans that wait to be sent, oldest first; those that find no room are counted instead.
package struct SpanQueue: Sendable {
    /// What became of spans since the start.
    package struct Counts: Hashable, Sendable {
        /// Taken by the collector.
        package var sent = 0
        /// There was no room for them.
        package var full = 0
        /// The collector was away, did not answer in time, or refused them.
        package var failed = 0
        /// Requests that were sent again.
        package var retried = 0

        package init() {}
    }

    private var waiting: [FinishedSpan] = []
    private let limit: Int
    private let batch: Int
    package private(set) var counts = Counts()

    /// - Parameters:
    ///   - limit: spans that may wait.
    ///   - batch: spans that are sent in one request, at most.
    package init(limit: Int, batch: Int) {
        self.limit = limit
        self.batch = batch
    }

    package var count: Int { self.waiting.count }

    /// - Returns: whether there are enough for a whole request now, and were not before.
    package mutating func add(_ span: FinishedSpan) -> Bool {
        guard self.waiting.count < self.limit else {
            self.counts.full += 1
            return false
        }
        self.waiting.append(span)
        return self.waiting.count == self.batch
    }

    /// Takes those for the next request; none when none waits.
    package mutating func take() -> [FinishedSpan] {
        let taken = Array(self.waiting.prefix(self.batch))
        self.waiting.removeFirst(taken.count)
        return taken
    }

    package mutating func wereSent(_ count: Int) { self.counts.sent += count }
    package mutating func willRetry() { self.counts.retried += 1 }

    /// They were taken and could not be sent: they are the next again.
    package mutating func putBack(_ spans: [FinishedSpan]) { self.waiting.insert(contentsOf: spans, at: 0) }

    package mutating func failed(_ count: Int) { self.counts.failed += count }
}
