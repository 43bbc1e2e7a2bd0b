package import NIOCore

/// One WebSocket: frames on one side, messages on the other.
///
/// Loop-bound. Made before its channel is upgraded, installed by ``NIOCore/Channel/addWebSocketHandlers(_:)``.
package final class WebSocketPeer {
    private let core: WebSocketCore
    private var delegate: (any WebSocketPeerDelegate)?

    /// - Parameters:
    ///   - policy: `nil` takes the configuration's.
    ///   - deflate: of the handshake's ``WebSocketAcceptance``.
    ///   - delegate: held until the connection has ended.
    package init(
        core: WebSocketCore, policy: OutboxPolicy? = nil, deflate: DeflateParameters?,
        delegate: any WebSocketPeerDelegate
    ) {
        self.core = core
        self.delegate = delegate
    }

    /// Puts a message behind those that wait; it is written at the end of the loop's turn.
    ///
    /// Never refuses: what has no room is dropped, or ends the socket, as the policy says. After ``close(code:reason:)`` and
    /// after the end it is dropped and counted.
    package func send(_ message: PreparedMessage) {}

    /// Closes behind the messages that wait, and delivers no more of the client's.
    ///
    /// Does nothing when the socket is closing already.
    ///
    /// - Parameters:
    ///   - code: one that may be sent; any other becomes 1011.
    ///   - reason: cut to 123 bytes, at the border of a character.
    package func close(code: WebSocketCloseCode = .normal, reason: String = "") {}

    /// Stops or resumes reading from the client, who meets TCP's own backpressure.
    ///
    /// While it is stopped no message is delivered, pings are not answered, and silence is not held against the client. What was read already is
    /// kept, at most one read; a client that has hung up meanwhile is reported when reading goes on.
    package func setReading(_ isReading: Bool) {}

    /// Ends the connection at once, without a word to the client.
    package func abort() {}

    /// Whether ``send(_:)`` still has an effect.
    package var isOpen: Bool { true }
}

@available(*, unavailable)
extension WebSocketPeer: Sendable {}
