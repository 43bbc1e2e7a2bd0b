/// Why a request cannot become a WebSocket (RFC 6455, section 4.2).
package enum WebSocketHandshakeFault: Error, Hashable, Sendable, CaseIterable {
    /// Not `GET`.
    case method
    /// Not HTTP/1.1.
    case httpVersion
    /// No `Upgrade: websocket`, or no `Connection: Upgrade`.
    case upgrade
    /// Not `Sec-WebSocket-Version: 13`: the answer has a field of that name with the version that is spoken.
    case version
    /// Not exactly one `Sec-WebSocket-Key` of 16 bytes in base64.
    case key
    /// An ill-formed `Sec-WebSocket-Protocol`.
    case subprotocols
    /// An ill-formed `Sec-WebSocket-Extensions`.
    case extensions
    /// The request has a body.
    case body
    /// The worker's choice was not among the offers.
    case subprotocolNotOffered

    package var status: Int {
        switch self {
        case .method: 405
        case .httpVersion, .upgrade, .key, .subprotocols, .extensions, .body: 400
        case .version: 426
        case .subprotocolNotOffered: 502
        }
    }

    /// One line for people, without its end.
    package var text: String {
        switch self {
        case .method: "A WebSocket begins with GET."
        case .httpVersion: "A WebSocket begins with HTTP/1.1."
        case .upgrade: "A WebSocket needs Upgrade: websocket and Connection: Upgrade."
        case .version: "The only WebSocket version here is 13."
        case .key: "A WebSocket needs one Sec-WebSocket-Key of 16 bytes."
        case .subprotocols: "Sec-WebSocket-Protocol is not a list of different tokens."
        case .extensions: "Sec-WebSocket-Extensions is not a list of extensions."
        case .body: "A WebSocket's request has no body."
        case .subprotocolNotOffered: "The worker chose a subprotocol that was not offered."
        }
    }

    /// Fields that belong to an answer with this status.
    package var fields: [(name: String, value: String)] {
        switch self {
        case .method: [("allow", "GET")]
        case .version: [("upgrade", "websocket"), ("sec-websocket-version", "13")]
        case .httpVersion, .upgrade, .key, .subprotocols, .extensions, .body, .subprotocolNotOffered: []
        }
    }
}
