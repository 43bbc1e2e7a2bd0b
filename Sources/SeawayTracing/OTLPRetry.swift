/// When spans that a collector has not taken are sent again (OTLP specification, "OTLP/HTTP Response").
package struct OTLPRetry: Sendable {
    /// Why they were not taken.
    package enum Failure: Hashable, Sendable {
        /// - Parameter retryAfter: in seconds, as the answer asks for.
        case answered(status: Int, retryAfter: Int?)
        /// There was no connection, or it broke, or the time was over.
        case unanswered(String)

        package var text: String {
            switch self {
            case .answered(let status, _): "it answers \(status)"
            case .unanswered(let reason): reason
            }
        }

        /// Whether the same may be taken later: no other answer says so.
        package var isPassing: Bool {
            guard case .answered(let status, _) = self else { return true }
            return [429, 502, 503, 504].contains(status)
        }

        fileprivate var retryAfter: Int? {
            guard case .answered(_, let seconds) = self else { return nil }
            return seconds
        }
    }

    private static let first = Duration.seconds(1)
    private static let longest = Duration.seconds(30)
    private let patience: Duration
    private var failures = 0

    /// - Parameter patience: how long the same spans are sent again, counted from the first attempt.
    package init(patience: Duration) { self.patience = patience }

    /// An attempt has failed.
    ///
    /// - Parameters:
    ///   - elapsed: since the first attempt began.
    ///   - jitter: 0 to 1: how much of the upper half of a pause is kept.
    /// - Returns: the pause before the next; `nil` when there is none.
    package mutating func pause(after failure: Failure, elapsed: Duration, jitter: Double) -> Duration? {
        guard failure.isPassing else { return nil }
        let whole = min(Self.first * (1 << min(self.failures, 8)), Self.longest)
        self.failures += 1
        // Nobody may be hurried by a collector, nor sent to sleep for longer than spans are kept.
        let pause = failure.retryAfter.map { max(.milliseconds(100), .seconds($0)) } ?? whole * (0.5 + jitter / 2)
        return elapsed + pause <= self.patience ? pause : nil
    }
}
