/// A type that serves the sockets of a route; closures will often do.
///
/// The events of one socket come in their order and one at a time, in this worker and in all others, unless the route
/// says `serial: false`.
public protocol WebSocketHandler: Sendable {
    /// Decides about a browser that wants to open a socket.
    ///
    /// The server waits 5 s. What it throws is logged and answered with a 500.
    /// - Parameters:
    ///   - socket: what is decided about; it may join groups already (W9).
    ///   - request: the handshake: path, query, headers, ``HTTPRequest/subprotocols``.
    func connect(_ socket: WebSocket, _ request: HTTPRequest) async throws -> WebSocketDecision

    /// Takes one message of the browser. What it throws is logged and closes the socket with 1011, but `sessionOver`
    /// with 1012.
    func receive(_ message: WebSocketMessage, from socket: WebSocket) async throws

    /// The socket has ended; called once for each ``connect(_:_:)``, whatever was decided there (W5). What it throws is
    /// logged.
    func disconnect(_ socket: WebSocket, _ closure: WebSocketClosure) async throws
}

extension WebSocketHandler {
    /// Accepts.
    public func connect(_ socket: WebSocket, _ request: HTTPRequest) async throws -> WebSocketDecision { .accept() }

    /// Does nothing.
    public func disconnect(_ socket: WebSocket, _ closure: WebSocketClosure) async throws {}
}

struct ClosureWebSocketHandler: WebSocketHandler {
    let onConnect: @Sendable (WebSocket, HTTPRequest) async throws -> WebSocketDecision
    let onReceive: @Sendable (WebSocketMessage, WebSocket) async throws -> Void
    let onDisconnect: @Sendable (WebSocket, WebSocketClosure) async throws -> Void

    func connect(_ socket: WebSocket, _ request: HTTPRequest) async throws -> WebSocketDecision {
        try await self.onConnect(socket, request)
    }
    func receive(_ message: WebSocketMessage, from socket: WebSocket) async throws {
        try await self.onReceive(message, socket)
    }
    func disconnect(_ socket: WebSocket, _ closure: WebSocketClosure) async throws {
        try await self.onDisconnect(socket, closure)
    }
}

/// The sockets of one route, and how their events are to come.
struct SocketRoute: Sendable {
    let handler: any WebSocketHandler
    /// One event of a socket at a time, of those that are accepted here.
    let isSerial: Bool
    /// Where this process's sockets have their events sent to, with `sticky`.
    let mailbox: String?
}

/// The channels of a socket's events (W2).
struct SocketChannels: Sendable {
    let connect: String
    let receive: String
    let disconnect: String

    init(connect: String) {
        self.connect = connect
        self.receive = Self.beside(connect, "receive")
        self.disconnect = Self.beside(connect, "disconnect")
    }

    private static func beside(_ connect: String, _ event: String) -> String {
        let standard = "websocket.connect"
        guard connect.hasPrefix(standard) else { return "\(connect).\(event)" }
        return "websocket.\(event)\(connect.dropFirst(standard.count))"
    }
}
