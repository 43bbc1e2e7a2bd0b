/// What a NATS server sends, by where its parts lie in the bytes that were looked at.
package struct NATSFrame: Hashable, Sendable {
    package enum Content: Hashable, Sendable {
        /// What the server says of itself, as JSON.
        case info(Range<Int>)
        case message(Message)
        case ping
        case pong
        case ok
        /// A complaint, with the quotes that servers put around it.
        case error(Range<Int>)
    }

    /// `MSG` or `HMSG`.
    package struct Message: Hashable, Sendable {
        package var subject: Range<Int>
        /// The number of the subscription.
        package var subscription: UInt64
        package var reply: Range<Int>?
        /// The block with the headers; empty without any.
        package var headers: Range<Int>
        package var payload: Range<Int>
    }

    package var content: Content
    /// Bytes of the whole frame.
    package var length: Int
}

/// Why bytes are not what a NATS server sends. The stream ends there.
package enum NATSStreamError: Error, Hashable, Sendable, CustomStringConvertible {
    case lineTooLong(limit: Int)
    case unknownVerb
    case malformed
    case payloadTooLarge(limit: Int)
    case payloadNotEnded

    package var description: String {
        switch self {
        case .lineTooLong(let limit): "a line has more than \(limit) bytes"
        case .unknownVerb: "what it says is not NATS"
        case .malformed: "a line cannot be read"
        case .payloadTooLarge(let limit): "a message has more than \(limit) bytes"
        case .payloadNotEnded: "a message does not end where it should"
        }
    }
}

/// Bounds of what is read from a server.
package struct NATSLimits: Hashable, Sendable {
    /// Bytes of a line of `INFO`, which grows with the cluster.
    package var maxInfo = 65_536
    /// Bytes of any other line.
    package var maxLine = 8_192
    /// Bytes of a message, its headers included.
    package var maxPayload = 16_777_216

    package init() {}
}
