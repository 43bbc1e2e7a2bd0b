extension Worker {
    /// Serves the WebSockets of a channel whose path fits; those that fit no route are refused with a 404.
    ///
    /// ```swift
    /// worker.onWebSocket("/chat/{room}") { socket, request in
    ///     try await socket.join("chat." + socket.parameters["room", default: "all"])
    ///     return .accept()
    /// } receive: { message, socket in
    ///     try await socket.send(message)
    /// }
    /// ```
    ///
    /// - Parameters:
    ///   - path: begins with `/`; `/chat/{room}` names a segment, `/files/*` takes all that follow; any when `nil`.
    ///   - channel: where the connects come in; receives and disconnects come in beside it (W2).
    ///   - serial: each socket's next event comes when the one before it is dealt with, also if that threw, while other
    ///     sockets go on (W16). With `false` several may be under way at once, here and in other workers: faster for a
    ///     socket that says much at a time, in any order.
    ///   - sticky: a socket's events come to the worker that accepted it as long as that lives, so that it can keep the
    ///     socket's state; a worker that leaves gives its sockets back to all (W18). At most 65,536 sockets at a time,
    ///     those beyond are served as without it.
    ///   - handler: serves all sockets of the route, several at a time.
    public func onWebSocket(
        _ path: String? = nil, channel: String = "websocket.connect", serial: Bool = true, sticky: Bool = false,
        handler: some WebSocketHandler
    ) {
        let mailbox = sticky ? self.mailboxForSockets() : nil
        let route = SocketRoute(handler: handler, isSerial: serial, mailbox: mailbox)
        let channels = SocketChannels(connect: channel)
        for name in [channels.connect, channels.receive, channels.disconnect, mailbox].compactMap({ $0 }) {
            self.add(name, method: nil, path: path, .socket(route))
        }
    }

    /// Serves the WebSockets of a channel; see ``onWebSocket(_:channel:serial:sticky:handler:)``.
    public func onWebSocket(
        _ path: String? = nil, channel: String = "websocket.connect", serial: Bool = true, sticky: Bool = false,
        connect: @escaping @Sendable (WebSocket, HTTPRequest) async throws -> WebSocketDecision = { _, _ in .accept() },
        receive: @escaping @Sendable (WebSocketMessage, WebSocket) async throws -> Void,
        disconnect: @escaping @Sendable (WebSocket, WebSocketClosure) async throws -> Void = { _, _ in }
    ) {
        self.onWebSocket(
            path, channel: channel, serial: serial, sticky: sticky,
            handler: ClosureWebSocketHandler(onConnect: connect, onReceive: receive, onDisconnect: disconnect))
    }
}
