/// Decides whether the body of a request comes fast enough: never silent for long, and not too little over a while.
package struct BodyPace: Hashable, Sendable {
    private var heard: Moment
    private var windowBegan: Moment
    private var windowBytes = 0

    package init(now: Moment) {
        self.heard = now
        self.windowBegan = now
    }

    package mutating func came(_ bytes: Int, at now: Moment) {
        self.heard = now
        self.windowBytes += bytes
    }

    /// - Returns: what it has not kept.
    package mutating func limit(at now: Moment, _ times: ServerConfiguration) -> TimeLimit? {
        if self.heard + times.bodyTimeout <= now { return .body }
        guard self.windowBegan + times.rateWindow <= now else { return nil }
        let milliseconds = (now - self.windowBegan).wholeMilliseconds
        let (needed, isTooMuch) = Int(milliseconds).multipliedReportingOverflow(by: times.minBodyRate)
        if isTooMuch || self.windowBytes < needed / 1_000 { return .bodyRate }
        self.windowBegan = now
        self.windowBytes = 0
        return nil
    }
}
