import NIOCore
import NIOHTTP2

/// Decides how far a client may send ahead on one stream (RFC 9113, 5.2; Z8).
///
/// What is kept of a body and what may still come are never more than the window together.
package struct HTTP2Window: Hashable, Sendable {
    /// What every stream begins with (RFC 9113, 6.9.2).
    package static let initial = 65_535

    /// Bytes that the client may still send.
    package private(set) var open = Self.initial
    private let size: Int

    /// - Parameter size: bytes that may be on their way and here.
    package init(size: Int) { self.size = size }

    /// Whether the client may not send.
    package var isClosed: Bool { self.open <= 0 }

    /// - Parameter bytes: of one frame's content and padding.
    package mutating func came(_ bytes: Int) { self.open -= bytes }

    /// Padding counts as well (RFC 9113, 6.9.1).
    mutating func came(_ frame: HTTP2Frame.FramePayload.Data) {
        self.came(frame.data.readableBytes + (frame.paddingBytes.map { $0 + 1 } ?? 0))
    }

    /// - Parameter held: bytes that came and are kept.
    /// - Returns: by how much the client is let send on, if it is time to tell it.
    package mutating func grant(held: Int) -> Int? {
        let increment = self.size - held - self.open
        // Whoever sends little is told nothing.
        guard self.open <= Self.initial / 2, increment > 0 else { return nil }
        self.open += increment
        return increment
    }
}
