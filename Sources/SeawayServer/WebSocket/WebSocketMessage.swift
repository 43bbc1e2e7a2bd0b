package import NIOCore

/// One whole message of a client.
package enum WebSocketMessage: Hashable, Sendable {
    /// Well-formed UTF-8, maybe empty.
    case text(ByteBuffer)
    /// Maybe empty.
    case binary(ByteBuffer)

    package var bytes: ByteBuffer {
        switch self {
        case .text(let bytes), .binary(let bytes): bytes
        }
    }
}

/// Why messages for a client were not sent.
package enum WebSocketDrop: Hashable, Sendable, CaseIterable {
    /// Beyond the bound under ``OutboxPolicy/dropOldest``.
    case oldest
    /// Replaced by a newer one under ``OutboxPolicy/keepNewest``.
    case replaced
    /// Sent to a socket that is closing or closed.
    case closing
    /// Still waiting when the socket ended.
    case unsent
}
