/// The requests of one connection that are under way, in the order in which they came, and the answers that wait for
/// their turn (I20).
///
/// - Parameters of the type: `Request` is what the owner must know of each request, `Output` a part of an answer.
package struct Exchanges<Request: Sendable, Output: Sendable>: Sendable {
    package struct Exchange: Sendable {
        package let number: UInt64
        package var request: Request
        package var stream = AnswerStream()
        /// When the server stops waiting for the next message; `nil` while it waits for something else.
        package var deadline: Moment?
        /// When it stops waiting for the last one, whoever may be late.
        package var limit: Moment?
        /// All of the answer is here, if it was not sent yet.
        package fileprivate(set) var isComplete = false
        /// The connection ends behind this answer.
        package fileprivate(set) var closesConnection = false
        /// The reply channel is held back (I19).
        package fileprivate(set) var isPaused = false
        fileprivate var waiting: [Output] = []
        fileprivate var waitingBytes = 0
    }

    /// Whether a part of an answer can leave.
    package enum Turn: Hashable, Sendable {
        case now
        /// It waits here for the answers before it.
        case later
    }

    private var queue: [Exchange] = []
    /// Bytes of answers whose turn has not come.
    package private(set) var waitingBytes = 0
    /// Bytes that may wait before a reply channel is paused.
    private let maxWaiting: Int

    package init(maxWaiting: Int) { self.maxWaiting = maxWaiting }

    package var count: Int { self.queue.count }
    package var isEmpty: Bool { self.queue.isEmpty }
    package var first: Exchange? { self.queue.first }
    package var all: [Exchange] { self.queue }

    /// - Parameter index: from ``index(of:)``; good until the next call that changes the number of exchanges.
    package subscript(index: Int) -> Exchange {
        get { self.queue[index] }
        _modify { yield &self.queue[index] }
    }

    /// - Returns: `nil` when the request is over or was never here.
    package func index(of number: UInt64) -> Int? {
        self.queue.firstIndex { $0.number == number && !$0.isComplete }
    }

    package mutating func begin(_ number: UInt64, _ request: Request, deadline: Moment?, limit: Moment? = nil) {
        self.queue.append(Exchange(number: number, request: request, deadline: deadline, limit: limit))
    }

    /// Takes a part of an answer.
    ///
    /// - Parameters:
    ///   - bytes: its size.
    ///   - isLast: the answer is complete with it.
    ///   - closes: the connection ends behind it.
    /// - Returns: `now` when the caller must send it itself, and then, if it was the last, call ``endFirst()``.
    package mutating func put(_ output: Output, bytes: Int, at index: Int, isLast: Bool, closes: Bool = false) -> Turn {
        if isLast {
            self.queue[index].isComplete = true
            self.queue[index].closesConnection = closes
            self.queue[index].deadline = nil
        }
        guard index > 0 else { return .now }
        self.queue[index].waiting.append(output)
        self.queue[index].waitingBytes += bytes
        self.waitingBytes += bytes
        return .later
    }

    /// Forgets what waits of an answer of which nothing was sent yet, so that another can take its place.
    package mutating func discardWaiting(at index: Int) {
        self.waitingBytes -= self.queue[index].waitingBytes
        self.queue[index].waitingBytes = 0
        self.queue[index].waiting = []
    }

    /// Ends the first exchange.
    ///
    /// - Returns: whether the connection ends with it.
    package mutating func endFirst() -> Bool {
        self.discardWaiting(at: 0)
        return self.queue.removeFirst().closesConnection
    }

    /// Hands out what waited of the first exchange's answer; its turn has come.
    package mutating func takeWaiting() -> [Output] {
        guard !self.queue.isEmpty else { return [] }
        let output = self.queue[0].waiting
        self.discardWaiting(at: 0)
        return output
    }

    /// Whether the exchange's reply channel must be paused now: too much waits for a slow client.
    ///
    /// - Parameter isWritable: of the connection, which only the first exchange meets.
    package mutating func pauseIfNeeded(at index: Int, isWritable: Bool) -> Bool {
        let hasRoom = index == 0 ? isWritable : self.waitingBytes <= self.maxWaiting
        guard !hasRoom, !self.queue[index].isComplete, !self.queue[index].isPaused else { return false }
        self.queue[index].isPaused = true
        // The client is late now, not the worker.
        self.queue[index].deadline = nil
        return true
    }

    /// Whether the first exchange's reply channel must be resumed now.
    package mutating func resumeFirst(deadline: Moment) -> Bool {
        guard !self.queue.isEmpty, self.queue[0].isPaused, !self.queue[0].isComplete else { return false }
        self.queue[0].isPaused = false
        self.queue[0].deadline = deadline
        return true
    }

    /// The first exchange whose time is over, and which time that is.
    package func overdue(at now: Moment) -> (index: Int, limit: TimeLimit)? {
        for (index, exchange) in self.queue.enumerated() where !exchange.isComplete {
            if let deadline = exchange.deadline, deadline <= now { return (index, .firstMessage) }
            if let limit = exchange.limit, limit <= now { return (index, .answer) }
        }
        return nil
    }

    /// Ends everything.
    ///
    /// - Returns: the exchanges that were under way, and those whose answers waited, whole, for their turn.
    package mutating func removeAll() -> [Exchange] {
        defer { self = Exchanges(maxWaiting: self.maxWaiting) }
        return self.queue
    }
}
