/// Why nobody waits for an answer any more before it was whole: `reason` in `http.disconnect`
/// (protocol/INTERFACE.md, I17 and I27).
package enum RequestEnd: String, Hashable, Sendable, CaseIterable {
    /// The client's connection has ended, or this server's behind an answer before this one that broke off.
    case left
    /// The client took nothing for too long.
    case stalled
    /// The server leaves, and its grace is over.
    case shutdown
    /// The worker has let too much time pass.
    case timeout
    /// The answer was malformed.
    case malformed
    /// The server's connection to the broker broke, and with it what was known of the request.
    case lost
    /// The answer is complete, with its first message or by another worker.
    case over

    /// Whether the workers on the shared disconnect channel are told too: of what is none of their own doing (I17).
    package var isForAll: Bool {
        switch self {
        case .left, .stalled, .shutdown: true
        case .timeout, .malformed, .lost, .over: false
        }
    }
}
