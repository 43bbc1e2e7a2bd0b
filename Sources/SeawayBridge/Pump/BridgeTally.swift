package import Logging
import Synchronization

/// Counts what became of everything that came to a bridge, and says in the log what was dropped.
package final class BridgeTally: Sendable {
    package struct Counts: Hashable, Sendable {
        /// Messages that a channel or group has taken.
        package var sent = 0
        /// Of group sends: members that got it, that had no room, that were gone.
        package var members = 0
        package var membersFull = 0
        package var membersGone = 0
        /// Messages from a group or channel that were handed on.
        package var handedOn = 0
        /// Attempts that were made again, since nothing was stored.
        package var retried = 0
        /// Messages that were lost or refused, by reason.
        package var dropped: [BridgeDrop: Int] = [:]

        package var allDropped: Int { self.dropped.values.reduce(0, +) }
    }

    private let state = Mutex(Counts())
    private let logger: Logger

    package init(logger: Logger) { self.logger = logger }

    package var counts: Counts { self.state.withLock { $0 } }

    package func count(_ change: (inout Counts) -> Void) { self.state.withLock { change(&$0) } }

    /// Counts a message that goes nowhere. The first, the tenth, the hundredth … of each reason are logged.
    package func drop(_ reason: BridgeDrop, _ detail: @autoclosure () -> String = "") {
        let count = self.state.withLock { counts in
            counts.dropped[reason, default: 0] += 1
            return counts.dropped[reason, default: 0]
        }
        guard Self.isPowerOfTen(count) else { return }
        self.logger.warning(
            "dropped", metadata: ["reason": "\(reason.rawValue)", "count": "\(count)", "detail": "\(detail())"])
    }

    static func isPowerOfTen(_ number: Int) -> Bool {
        var power = 1
        while power < number, power <= Int.max / 10 { power *= 10 }
        return power == number
    }

    /// One line with everything that is not zero.
    package func logSummary() {
        let counts = self.counts
        var metadata: Logger.Metadata = ["sent": "\(counts.sent)"]
        let figures = [
            ("members", counts.members), ("members-full", counts.membersFull), ("members-gone", counts.membersGone),
            ("handed-on", counts.handedOn), ("retried", counts.retried),
        ]
        for (name, value) in figures where value > 0 { metadata[name] = "\(value)" }
        for (reason, value) in counts.dropped { metadata["dropped-\(reason.rawValue)"] = "\(value)" }
        self.logger.notice("summary", metadata: metadata)
    }
}

/// Why a bridge dropped something.
package enum BridgeDrop: String, Hashable, Sendable, CaseIterable {
    /// No legal name came of the source's name (B3, B4).
    case name
    /// It was to be a JSON map and was none, or the broker found it malformed.
    case payload
    /// It was longer than allowed.
    case size
    /// The bridge's own queue was full, and it was told to drop.
    case overflow
    /// The channel or the broker had no room.
    case full
    /// No broker could be asked.
    case unreachable
    /// The reader of the channel has closed it.
    case gone
    /// The broker refused for another reason.
    case refused
    /// The connection broke before the answer: stored or not.
    case unknown
    /// It was still waiting when the bridge had to end.
    case shutdown
    /// A program failed, or took too long.
    case failed
    /// The service on the other side did not take it.
    case service
}
