/// What the WebSockets of a server have done since its start.
package struct WebSocketCounters: Hashable, Sendable {
    /// Sockets opened, and those open now.
    package var sockets = 0
    package var openSockets = 0

    /// Messages and bytes (after decompression) that clients sent.
    package var receivedMessages = 0
    package var receivedBytes = 0
    /// Messages and bytes (with frames, compressed) that were written to clients.
    package var sentMessages = 0
    package var sentBytes = 0

    /// Messages not sent, by reason.
    package var droppedOldest = 0
    package var droppedReplaced = 0
    package var droppedClosing = 0
    package var droppedUnsent = 0
    /// Pongs that were not sent, because newer ones were waiting.
    package var droppedPongs = 0
    /// Times that output became blocked.
    package var blocked = 0

    /// Clients that broke the protocol: 1002 and 1007.
    package var malformed = 0
    /// Frames or messages beyond the limit: 1009.
    package var tooBig = 0
    /// Clients that sent too many messages: 1008.
    package var tooFast = 0
    /// Sockets closed because their output was blocked too long.
    package var blockedTooLong = 0
    /// Sockets closed because there was no room for a message or for its decompression: 1013.
    package var noRoom = 0
    /// Clients given up after silence: 1006.
    package var silent = 0
    /// Closing handshakes that were not finished in time.
    package var closeTimeouts = 0

    package init() {}

    package mutating func count(_ reason: WebSocketDrop, _ count: Int) {
        switch reason {
        case .oldest: self.droppedOldest += count
        case .replaced: self.droppedReplaced += count
        case .closing: self.droppedClosing += count
        case .unsent: self.droppedUnsent += count
        }
    }
}
