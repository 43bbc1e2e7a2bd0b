import Logging
import SeawayLog

/// A time of protocol/INTERFACE.md, section 7, by the option that sets it.
package enum TimeLimit: String, Hashable, Sendable, CaseIterable {
    case head = "head-timeout"
    case body = "body-timeout"
    case bodyRate = "min-body-rate"
    case keepAlive = "keep-alive"
    case firstMessage = "http-timeout"
    case answer = "answer-timeout"
    case stall = "client-stall-timeout"

    /// As a counter names it.
    var reason: String { String(self.rawValue.map { $0 == "-" ? "_" : $0 }) }
}

extension ServerCore {
    /// Counts and says which time was over.
    func timeIsOver(_ limit: TimeLimit, _ addresses: ConnectionAddresses, _ asked: AskedRequest? = nil) {
        self.counters.timesOver[limit, default: 0] += 1
        // Of a connection that is not needed any more nobody is to blame.
        guard limit != .keepAlive else { return }
        var metadata: Logger.Metadata = ["limit": "\(limit.rawValue)"]
        if let client = addresses.client { metadata["client"] = "\(client.host)" }
        if let asked { metadata["path"] = "\(asked.path)" }
        self.logger.log(level: self.timeWarnings.level(at: self.now), "time is over", metadata: metadata)
    }
}
