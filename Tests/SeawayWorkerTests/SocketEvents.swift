import SeawayMessage
import SeawayTesting
import SeawayWorker
import Synchronization
import TestSupport

extension FakeLayer {
    /// Delivers an event of socket `N` as an interface server makes it.
    func event(
        _ number: Int, _ type: String, order: Int, path: String = "/chat/blue", on channel: String? = nil,
        _ fields: Message = [:]
    ) {
        var message: Message = [
            "type": .string("websocket.\(type)"), "path": .string(path), "order": .int(Int64(order)),
            "reply_channel": "websocket.send.s!\(number)", "control_channel": "websocket.control.s!\(number)",
        ]
        for (key, value) in fields { message[key] = value }
        self.deliver(message, to: channel ?? "websocket.\(type)")
    }
}

/// Accepts everybody, keeps what happens for a test, and does with each message what the test says.
struct RecordingHandler: WebSocketHandler {
    enum Event: Equatable {
        case connect(path: String, subprotocols: [String])
        case receive(WebSocketMessage, room: String?)
        case disconnect(code: Int, reason: String)
    }

    let events = Inbox<Event>()
    var decide: @Sendable (WebSocket, HTTPRequest) async throws -> WebSocketDecision = { _, _ in .accept() }
    var take: @Sendable (WebSocketMessage, WebSocket) async throws -> Void = { _, _ in }

    func connect(_ socket: WebSocket, _ request: HTTPRequest) async throws -> WebSocketDecision {
        self.events.put(.connect(path: request.path, subprotocols: request.subprotocols))
        return try await self.decide(socket, request)
    }

    func receive(_ message: WebSocketMessage, from socket: WebSocket) async throws {
        self.events.put(.receive(message, room: socket.parameters["room"]))
        try await self.take(message, socket)
    }

    func disconnect(_ socket: WebSocket, _ closure: WebSocketClosure) async throws {
        self.events.put(.disconnect(code: closure.code, reason: closure.reason))
    }
}
