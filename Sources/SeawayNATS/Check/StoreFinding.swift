/// One thing that was looked at, how it is, and what to change.
package struct StoreFinding: Hashable, Sendable {
    package enum Verdict: String, Hashable, Sendable, Comparable {
        case ok
        /// It could not be seen from here.
        case unknown
        /// It works, and something is to be known.
        case warning
        /// Durable channels do not work so, or not as was asked.
        case failure

        private var rank: Int {
            switch self {
            case .ok, .unknown: 0
            case .warning: 1
            case .failure: 2
            }
        }

        package static func < (left: Self, right: Self) -> Bool { left.rank < right.rank }

        /// What a program ends with that found this as the worst: 0, 1 or 2.
        package var exitCode: Int { self.rank }
    }

    package var verdict: Verdict
    package var what: String
    package var found: String
    /// Empty where all is well.
    package var advice: String

    package init(_ verdict: Verdict, _ what: String, _ found: String, _ advice: String = "") {
        self.verdict = verdict
        self.what = what
        self.found = found
        self.advice = advice
    }
}
