public import SeawayMessage

/// What a browser says, or is told, in one message.
public enum WebSocketMessage: Hashable, Sendable {
    /// May be empty.
    case text(String)
    /// May be empty.
    case bytes([UInt8])

    /// - Parameter payload: a `websocket.receive`; what has neither text nor bytes is none.
    init?(_ payload: Payload) {
        // In JSON bytes are text too; which it was is said by the name (W4).
        if let text = payload["text"]?.bytes {
            self = .text(String(decoding: text, as: UTF8.self))
        } else if let bytes = payload["bytes"]?.bytes {
            self = .bytes(bytes)
        } else {
            return nil
        }
    }

    /// What says it to a group, or to a socket's channel: `try await socket.layer.group("chat").send(said.message)`.
    public var message: Message {
        switch self {
        case .text(let text): ["text": .string(text)]
        case .bytes(let bytes): ["bytes": .bytes(bytes)]
        }
    }

    var payload: Payload {
        switch self {
        case .text(let text):
            var writer = MessagePackWriter(capacity: text.utf8.count + 16)
            writer.map(count: 1)
            writer.string("text" as StaticString)
            writer.string(text)
            return writer.finish()
        case .bytes(let bytes):
            var writer = MessagePackWriter(capacity: bytes.count + 16)
            writer.map(count: 1)
            writer.string("bytes" as StaticString)
            writer.bytes(bytes)
            return writer.finish()
        }
    }
}

/// How a socket ended (W10).
public struct WebSocketClosure: Hashable, Sendable {
    /// 1005 when the browser gave none, 1006 when the connection broke or was never accepted.
    public let code: Int
    /// What the browser said with it.
    public let reason: String

    init(_ payload: Payload) {
        self.code = payload["code"]?.int.map { Int(truncatingIfNeeded: $0) } ?? 1_005
        self.reason = payload["reason"]?.string ?? ""
    }
}
