import SeawayMessage

/// The latest of one broker's answers, and those before, from which rates come.
struct BrokerHistory: Sendable {
    /// Something that was said at a moment, and what was said before it.
    struct Pair: Sendable {
        private(set) var now: Message
        private(set) var before: Message?
        private var time: Int
        /// Between the two.
        private(set) var milliseconds = 0

        init(_ now: Message, at time: Int) {
            self.now = now
            self.time = time
        }

        mutating func take(_ next: Message, at time: Int) {
            self.before = self.now
            self.milliseconds = time - self.time
            self.now = next
            self.time = time
        }

        /// How fast a counter grows, per second; `nil` while that is not known.
        func rate(_ counter: (Message) -> Int) -> Double? {
            guard let before = self.before, self.milliseconds > 0 else { return nil }
            return Rate.perSecond(from: counter(before), to: counter(self.now), in: self.milliseconds)
        }
    }

    enum State: Sendable {
        /// Nothing is known yet.
        case asked
        case answered
        /// Why it does not answer.
        case silent(String)
    }

    let address: String
    private(set) var state = State.asked
    private(set) var totals: Pair?
    private(set) var lists: [TopList: Pair] = [:]
    private(set) var look: (target: TopTarget, answer: Message)?

    init(address: String) { self.address = address }

    mutating func take(_ answer: BrokerAnswer) {
        self.state = .answered
        // One that has begun anew counts from 0.
        if self.totals?.now["epoch"] != answer.totals["epoch"] {
            self.totals = nil
            self.lists = [:]
        }
        Self.take(answer.totals, at: answer.time, into: &self.totals)
        Self.take(answer.entries, at: answer.time, into: &self.lists[answer.list])
        self.look = answer.look
    }

    /// It does not answer: what it said before counts no more.
    mutating func fail(_ reason: String) {
        self.state = .silent(reason)
        self.totals = nil
        self.lists = [:]
        self.look = nil
    }

    private static func take(_ message: Message, at time: Int, into pair: inout Pair?) {
        if pair?.take(message, at: time) == nil { pair = Pair(message, at: time) }
    }
}

enum Rate {
    /// - Parameters:
    ///   - before: a counter, which may have begun anew since.
    ///   - milliseconds: between the two, more than 0.
    static func perSecond(from before: Int, to now: Int, in milliseconds: Int) -> Double {
        Double(now < before ? now : now - before) * 1_000 / Double(milliseconds)
    }

    /// The sum of rates; `nil` when none is known.
    static func sum(_ rates: [Double?]) -> Double? {
        let known = rates.compactMap(\.self)
        return known.isEmpty ? nil : known.reduce(0, +)
    }

    static func text(_ rate: Double?) -> String { rate.map(Amount.rate) ?? "-" }
}
