/// What a server says of a pull, in place of a message: by a status and its words, since the 409 have no other names.
package enum PullStatus: Hashable, Sendable {
    /// It is still there (100).
    case heartbeat
    /// It has ended, and nothing is wrong: nothing there, its time over, as many given as were asked for (404, 408,
    /// 409).
    case ended
    /// The consumer's leader is another now, or its server leaves: a new pull is needed (409).
    case leaderChanged
    /// As many wait already as may (409).
    case tooMany
    /// The consumer, or its stream, is no more (409).
    case consumerGone
    /// Nobody answers for the consumer (503).
    case noResponders
    /// Anything else that ends a pull, in the server's words.
    case refused(String)

    /// - Returns: `nil` for a message.
    package init?(_ message: NATSMessage) {
        guard message.reply == nil, message.payload.isEmpty, let status = message.status else { return nil }
        let words = message.headers.text
        let text = words.lowercased()
        switch status {
        case 100: self = .heartbeat
        case 404, 408: self = .ended
        case 503: self = .noResponders
        case 409 where text.contains("batch completed"): self = .ended
        case 409 where text.contains("leadership change") || text.contains("server shutdown"): self = .leaderChanged
        case 409 where text.contains("exceeded maxwaiting"): self = .tooMany
        case 409 where text.contains("consumer deleted") || text.contains("stream deleted"): self = .consumerGone
        default: self = .refused("\(status) \(words)")
        }
    }
}
