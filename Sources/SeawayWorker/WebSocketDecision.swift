import SeawayMessage

/// A worker's answer to a browser that wants to open a socket (INTERFACE.md, 8.3).
public struct WebSocketDecision: Sendable {
    enum Kind: Sendable {
        case accept(subprotocol: String?, headers: [(name: String, value: String)], greeting: WebSocketMessage?)
        case reject(status: Int, headers: [(name: String, value: String)], content: [UInt8])
    }

    let kind: Kind

    /// Opens the socket.
    ///
    /// - Parameters:
    ///   - subprotocol: one of ``HTTPRequest/subprotocols``; another is answered with 502.
    ///   - headers: more fields for the 101.
    ///   - greeting: the first message, in one step with the opening.
    public static func accept(
        subprotocol: String? = nil, headers: [(name: String, value: String)] = [], greeting: WebSocketMessage? = nil
    ) -> WebSocketDecision {
        WebSocketDecision(kind: .accept(subprotocol: subprotocol, headers: headers, greeting: greeting))
    }

    /// Does not open it; the browser gets this answer, of which its scripts see only that there is no socket.
    ///
    /// - Parameters:
    ///   - status: 200 to 599.
    ///   - headers: in their order.
    ///   - content: the whole body.
    public static func reject(
        status: Int = 403, headers: [(name: String, value: String)] = [], content: [UInt8] = []
    ) -> WebSocketDecision {
        WebSocketDecision(kind: .reject(status: status, headers: headers, content: content))
    }

    /// The message that says so.
    ///
    /// - Parameter receiveChannel: where the socket's events are to go.
    func message(serial: Bool, receiveChannel: String?) -> Message {
        var message: Message = [:]
        switch self.kind {
        case .accept(let subprotocol, let headers, let greeting):
            message["accept"] = true
            if serial { message["serial"] = true }
            if let subprotocol { message["subprotocol"] = .string(subprotocol) }
            if let receiveChannel { message["receive_channel"] = .string(receiveChannel) }
            Self.put(headers, in: &message)
            switch greeting {
            case .text(let text): message["text"] = .string(text)
            case .bytes(let bytes): message["bytes"] = .bytes(bytes)
            case nil: break
            }
        case .reject(let status, let headers, let content):
            message["accept"] = false
            message["status"] = .int(Int64(status))
            Self.put(headers, in: &message)
            if !content.isEmpty { message["content"] = .bytes(content) }
        }
        return message
    }

    private static func put(_ headers: [(name: String, value: String)], in message: inout Message) {
        guard !headers.isEmpty else { return }
        message["headers"] = .list(headers.map { .list([.string($0.name), .string($0.value)]) })
    }
}

extension HTTPRequest {
    /// What a browser that opens a socket offers, in its order.
    public var subprotocols: [String] { (self.incoming["subprotocols"]?.list ?? []).compactMap(\.string) }
}
