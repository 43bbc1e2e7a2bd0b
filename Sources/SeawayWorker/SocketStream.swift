public import SeawayMessage

/// One of the named streams of a socket; see ``WebSocketDemultiplexer``.
public struct SocketStream: Sendable {
    public let name: String
    /// The socket that it goes over, with all its other streams.
    public let socket: WebSocket

    init(name: String, socket: WebSocket) {
        self.name = name
        self.socket = socket
    }

    /// Sends something to the browser's end of the stream; waits and throws as ``WebSocket/send(_:)-(String)`` does.
    public func send(_ payload: Value) async throws {
        try await self.socket.send(Self.text(payload, self.name))
    }

    /// What says it to a group of sockets that have the stream: `try await
    /// socket.layer.group("news").send(stream.message(["id": 7]))`.
    public func message(_ payload: Value) -> Message { Self.message(payload, on: self.name) }

    /// What says it to a group, for those who serve no socket.
    public static func message(_ payload: Value, on name: String) -> Message {
        WebSocketMessage.text(Self.text(payload, name)).message
    }

    private static func text(_ payload: Value, _ name: String) -> String {
        let frame: Message = ["stream": .string(name), "payload": payload]
        return frame.json
    }
}

/// A type that serves one named stream; see ``WebSocketDemultiplexer``.
///
/// The events of one socket come in their order and one at a time, over all of its streams, unless the route says
/// `serial: false`.
public protocol SocketStreamHandler: Sendable {
    /// A socket that has the stream opens. It is not open yet: join groups, but what is sent here opens it before the
    /// other streams are asked. What it throws is logged and refuses the socket with a 500.
    func connect(_ stream: SocketStream, _ request: HTTPRequest) async throws

    /// Takes one payload of the browser. What it throws is logged and closes the socket, with all its streams,
    /// with 1011.
    func receive(_ payload: Value, from stream: SocketStream) async throws

    /// The socket has ended; called also where it was refused. What it throws is logged.
    func disconnect(_ stream: SocketStream, _ closure: WebSocketClosure) async throws
}

extension SocketStreamHandler {
    /// Does nothing.
    public func connect(_ stream: SocketStream, _ request: HTTPRequest) async throws {}

    /// Does nothing.
    public func disconnect(_ stream: SocketStream, _ closure: WebSocketClosure) async throws {}
}
