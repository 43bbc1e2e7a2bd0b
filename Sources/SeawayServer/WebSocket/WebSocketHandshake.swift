package import NIOHTTP1

/// A request that may become a WebSocket (RFC 6455, section 4.2.1).
package struct WebSocketHandshake: Sendable {
    /// What the client offers, in its order; each once.
    package let subprotocols: [String]
    private let key: String

    /// - Throws: why the request is refused.
    package init(_ head: HTTPRequestHead) throws(WebSocketHandshakeFault) {
        self.subprotocols = []
        self.key = ""
    }

    /// Agrees to the handshake.
    ///
    /// - Parameters:
    ///   - subprotocol: one of ``subprotocols``, or none.
    ///   - deflate: what the server is ready for.
    /// - Throws: ``WebSocketHandshakeFault/subprotocolNotOffered``.
    package func accept(
        subprotocol: String?, deflate: DeflateConfiguration
    ) throws(WebSocketHandshakeFault) -> WebSocketAcceptance {
        WebSocketAcceptance(fields: [], deflate: nil)
    }

    /// Whether a field of the worker is left out of the answer, because the handshake itself says it.
    package static func isOwnField(_ name: String) -> Bool { name.lowercased().hasPrefix("sec-websocket-") }
}

/// The server's part of a handshake.
package struct WebSocketAcceptance: Sendable {
    /// `upgrade`, `connection` and all of `sec-websocket-`, for a head with the status 101.
    package let fields: [(name: String, value: String)]
    /// What the peer must be given; `nil` when messages are not compressed.
    package let deflate: DeflateParameters?
}
