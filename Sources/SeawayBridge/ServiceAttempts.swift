import Logging
import SeawayWire

/// How a thread goes on when a service is away: with growing waits, and one line in the log.
struct ServiceAttempts {
    private let service: String
    private let logger: Logger
    private var backoff = ClientBackoff(first: .milliseconds(50), most: .seconds(5))
    private var isAway = false

    init(service: String, logger: Logger) {
        self.service = service
        self.logger = logger
    }

    mutating func succeeded() {
        self.backoff.reset()
        self.isAway = false
    }

    /// - Returns: how long to wait, in milliseconds.
    mutating func failed(_ reason: String) -> CInt {
        if !self.isAway {
            self.logger.warning("\(self.service) is away; trying again and again", metadata: ["reason": "\(reason)"])
            self.isAway = true
        }
        return CInt(self.backoff.next(jitter: .random(in: 0...1)) / .milliseconds(1))
    }
}
