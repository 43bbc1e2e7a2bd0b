package import Logging
import SeawayWire

/// Whether a service is away: says so once, says once that it is back, and tells how long to wait before each attempt.
package struct ServiceAbsence: Sendable {
    /// Such as `redis 127.0.0.1:6379`
    private let service: String
    private let logger: Logger
    private var backoff = ClientBackoff(first: .milliseconds(50), most: .seconds(5))
    /// Attempts that have failed since the last that did not.
    package private(set) var failures = 0

    package init(of service: String, logger: Logger) {
        self.service = service
        self.logger = logger
    }

    /// It could not be asked, or it refuses what it may take later.
    ///
    /// - Parameter jitter: 0 to 1: how much of the upper half of the wait is kept.
    /// - Returns: how long to wait before the next attempt.
    @discardableResult
    package mutating func failed(_ reason: String, jitter: Double = .random(in: 0...1)) -> Duration {
        if self.failures == 0 {
            self.logger.warning("\(self.service) is away; trying again and again", metadata: ["reason": "\(reason)"])
        }
        self.failures += 1
        return self.backoff.next(jitter: jitter)
    }

    /// It has done what it was asked for.
    package mutating func succeeded() {
        guard self.failures > 0 else { return }
        self.logger.notice("\(self.service) is back", metadata: ["attempts": "\(self.failures)"])
        self.failures = 0
        self.backoff.reset()
    }
}
