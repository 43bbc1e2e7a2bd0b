import SeawayWire

/// How often one message is posted, and when again (BRIDGES.md, B24).
package struct WebhookAttempts: Sendable {
    /// What one attempt came to.
    package enum Outcome: Hashable, Sendable {
        /// - Parameter retryAfter: in seconds, as the answer asked for.
        case answered(status: Int, retryAfter: Int?)
        /// The connection broke, or the time was over; the receiver may have it.
        case unanswered(String)
        /// The receiver has not got it.
        case unreached(String)

        /// Whether the receiver has spoken.
        package var isAnswer: Bool {
            if case .answered = self { true } else { false }
        }
    }

    package enum Step: Hashable, Sendable {
        case handedOn
        case again(after: Duration)
        case giveUp(String)
    }

    private static let longestRetryAfter = 60

    private let most: Int
    private var made = 0
    private var backoff = ClientBackoff(first: .milliseconds(100), most: .seconds(5))

    /// - Parameter most: attempts that may reach the receiver, 1 and more.
    package init(most: Int) { self.most = most }

    /// - Parameter jitter: 0 to 1: how much of the upper half of a wait is kept.
    package mutating func step(after outcome: Outcome, jitter: Double) -> Step {
        let (fault, retryAfter): (String, Int?)
        switch outcome {
        case .unreached: return .again(after: self.backoff.next(jitter: jitter))
        case .answered(200..<300, _): return .handedOn
        case .answered(let status, let seconds) where Self.isPassing(status):
            (fault, retryAfter) = ("the answer is \(status)", seconds)
        case .answered(let status, _): return .giveUp("the answer is \(status)")
        case .unanswered(let reason): (fault, retryAfter) = (reason, nil)
        }
        self.made += 1
        guard self.made < self.most else { return .giveUp(fault) }
        let wait = self.backoff.next(jitter: jitter)
        return .again(after: max(wait, .seconds(min(retryAfter ?? 0, Self.longestRetryAfter))))
    }

    /// Whether the same may have another answer later (RFC 9110, 15.5.9 and 15.6; RFC 8470, 5.2; RFC 6585, 4).
    private static func isPassing(_ status: Int) -> Bool {
        [408, 425, 429].contains(status) || (500..<600).contains(status)
    }
}
