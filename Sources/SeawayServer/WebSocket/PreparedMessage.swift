package import NIOCore

/// A message for any number of sockets, encoded once for all of them.
///
/// Belongs to one event loop.
package final class PreparedMessage {
    package enum Kind: Hashable, Sendable {
        /// The payload is well-formed UTF-8; whoever prepares it has checked.
        case text
        case binary
    }

    package let kind: Kind
    /// Whether it goes to several sockets, so that compressing it once is better than each socket's own context.
    package let isShared: Bool
    /// Header and payload, not compressed.
    package let frame: ByteBuffer

    /// - Parameter payload: copied.
    package init(_ kind: Kind, _ payload: some Sequence<UInt8>, isShared: Bool) {
        self.kind = kind
        self.isShared = isShared
        self.frame = ByteBuffer(bytes: payload)
    }
}

@available(*, unavailable)
extension PreparedMessage: Sendable {}
