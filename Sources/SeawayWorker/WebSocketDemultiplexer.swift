import SeawayMessage

/// Several named streams over one socket, each served by a type of its own.
///
/// ```swift
/// worker.onWebSocket("/live", handler: WebSocketDemultiplexer(["chat": Chat(), "prices": Prices()]))
/// ```
///
/// Each message, in both directions, is text that holds a JSON object: `{"stream": NAME, "payload": VALUE}`; what else
/// stands in it is passed over. A browser that sends something else is told: its socket closes with 1003 for a binary
/// message, and 1007 for what is no such object, or of a stream that is not served.
public struct WebSocketDemultiplexer: WebSocketHandler {
    private let streams: [(name: String, handler: any SocketStreamHandler)]
    private let decide: @Sendable (WebSocket, HTTPRequest) async throws -> WebSocketDecision

    /// - Parameters:
    ///   - streams: those who serve, by the names of their streams.
    ///   - decide: whether a browser may open the socket; asked before the streams are, which are not asked when it
    ///     refuses.
    public init(
        _ streams: [String: any SocketStreamHandler],
        connect decide: @escaping @Sendable (WebSocket, HTTPRequest) async throws -> WebSocketDecision = { _, _ in
            .accept()
        }
    ) {
        self.streams = streams.sorted { $0.key < $1.key }.map { (name: $0.key, handler: $0.value) }
        self.decide = decide
    }

    public func connect(_ socket: WebSocket, _ request: HTTPRequest) async throws -> WebSocketDecision {
        let decision = try await self.decide(socket, request)
        guard case .accept = decision.kind else { return decision }
        for (name, handler) in self.streams {
            try await handler.connect(SocketStream(name: name, socket: socket), request)
        }
        return decision
    }

    public func receive(_ message: WebSocketMessage, from socket: WebSocket) async throws {
        switch Frame(message) {
        case .binary: try await socket.close(1_003, reason: "text is wanted")
        case .malformed: try await socket.close(1_007, reason: "a JSON object with stream and payload is wanted")
        case .payload(let payload, let name):
            guard let stream = self.streams.first(where: { $0.name == name }) else {
                return try await socket.close(1_007, reason: "there is no such stream")
            }
            try await stream.handler.receive(payload, from: SocketStream(name: name, socket: socket))
        }
    }

    /// Tells every stream, also after one that throws; what the first has thrown is thrown.
    public func disconnect(_ socket: WebSocket, _ closure: WebSocketClosure) async throws {
        var failure: (any Error)?
        for (name, handler) in self.streams {
            do {
                try await handler.disconnect(SocketStream(name: name, socket: socket), closure)
            } catch {
                failure = failure ?? error
            }
        }
        if let failure { throw failure }
    }

    /// What a browser has sent.
    private enum Frame {
        case payload(Value, stream: String)
        case binary
        case malformed

        init(_ message: WebSocketMessage) {
            guard case .text(let text) = message else {
                self = .binary
                return
            }
            guard let frame = try? Message(json: text), let name = frame["stream"]?.string,
                let payload = frame["payload"]
            else {
                self = .malformed
                return
            }
            self = .payload(payload, stream: name)
        }
    }
}
