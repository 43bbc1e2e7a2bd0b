/// Decides what the end of a client's sending side means: that it says no more, or that it has left (I30).
///
/// The two look the same until something is written, so what waits without a word for longer than a moment is written
/// to.
package struct ClientEnd: Hashable, Sendable {
    /// What can be written between the parts of an answer and changes nothing of it.
    package enum Probe: Hashable, Sendable {
        /// `100 Continue`, which may come before any answer of HTTP/1.1 (RFC 9110, 15.2).
        case interim
        /// The first digit, a zero, of the size of the chunk to come (RFC 9112, 7.1).
        case leadingZero
    }

    /// What the answer that the client waits for first has come to.
    package enum Answer: Hashable, Sendable {
        case notBegun(isHTTP10: Bool)
        case begun(BodyFraming)

        fileprivate var probe: Probe? {
            switch self {
            case .notBegun(isHTTP10: false): .interim
            case .begun(.chunked): .leadingZero
            // Nothing may be written that the answer does not hold; only keep-alive probes ask.
            case .notBegun(isHTTP10: true), .begun: nil
            }
        }
    }

    private var since: Moment?
    private var hasProbed = false

    package init() {}

    package var hasCome: Bool { self.since != nil }

    package mutating func came(at now: Moment) { if self.since == nil { self.since = now } }

    /// - Parameters:
    ///   - delay: quick answers are not mixed with anything.
    ///   - isOpen: something is on its way to the client already, which tells as much.
    /// - Returns: what must be written now; once.
    package mutating func probe(_ answer: Answer, delay: Duration, isOpen: Bool, at now: Moment) -> Probe? {
        guard let since = self.since, !self.hasProbed, since + delay <= now, !isOpen else { return nil }
        self.hasProbed = true
        return answer.probe
    }
}
