/// Who uses a ``WebSocketPeer``; called on its event loop.
///
/// Every call may call the peer again. The peer holds its delegate until ``connectionEnded()``.
package protocol WebSocketPeerDelegate: AnyObject {
    /// A message came; never after ``closed(code:reason:)``, nor while reading is stopped.
    func received(_ message: WebSocketMessage)

    /// The client reads too slowly for what it is sent, or keeps up again; not told of a socket that closes.
    ///
    /// Under ``OutboxPolicy/wait`` senders must be held back while it is `true`; under the other policies, messages are
    /// being dropped.
    func outputBlocked(_ isBlocked: Bool)

    /// Messages were not sent, and never will be.
    func dropped(_ reason: WebSocketDrop, count: Int)

    /// The server closes, because of what the client did or of what there is no room for; before
    /// ``closed(code:reason:)``.
    func failed(_ fault: WebSocketFault)

    /// The WebSocket is over: exactly once for each peer, whatever happened.
    ///
    /// - Parameters:
    ///   - code: the client's own if it began to close (1005 if it gave none), the server's if that did, 1006 if the
    ///     connection ended without a word or the client was given up.
    ///   - reason: of the one who gave the code; maybe empty.
    func closed(code: WebSocketCloseCode, reason: String)

    /// The connection is gone, and nothing follows; exactly once, after ``closed(code:reason:)``.
    func connectionEnded()
}

extension WebSocketPeerDelegate {
    /// Nothing: ``closed(code:reason:)`` tells the end too.
    package func failed(_ fault: WebSocketFault) {}
}
