public import SeawayMessage

/// One socket of a browser, as long as it is open: what a worker can do with it (INTERFACE.md, section 8).
///
/// It is a value that names the socket; it may be kept, and used from anywhere, also after the event it came with.
public struct WebSocket: Sendable {
    /// How long something is sent again while the socket takes nothing more.
    private static let patience = Duration.seconds(60)

    /// The channel to the browser; it names the socket, may be a member of groups and be sent to by anybody.
    public let channel: String
    /// The channel for what must not wait behind data (W14).
    public let controlChannel: String
    public let path: String
    /// What the route's pattern has named: `/chat/{room}`; `*` for the tail of `/files/*`.
    public let parameters: [String: String]
    public let layer: any ChannelLayer
    /// Where its route has sockets stay in one process.
    private let kept: KeptSockets?
    private let clock: any Clock<Duration>

    init(
        channel: String, controlChannel: String, path: String, parameters: [String: String], layer: any ChannelLayer,
        kept: KeptSockets? = nil, clock: any Clock<Duration>
    ) {
        self.channel = channel
        self.controlChannel = controlChannel
        self.path = path
        self.parameters = parameters
        self.layer = layer
        self.kept = kept
        self.clock = clock
    }

    /// What this process keeps of the socket, from its connect to the end of its disconnect: `try
    /// socket.session["name"] = name`.
    ///
    /// Only a `sticky` route has it, since other routes' events may come to any worker. It is over, too, when the
    /// worker gives the socket back as it leaves, when the worker's connection to the broker breaks, and for sockets
    /// beyond those that are kept at a time.
    /// - Throws: `WorkerError` with `notSticky` or `sessionOver`.
    public var session: WebSocketSession {
        get throws {
            guard let kept = self.kept else { throw WorkerError(.notSticky, name: self.path) }
            guard let session = kept.session(of: self.channel) else {
                throw WorkerError(.sessionOver, name: self.channel)
            }
            return session
        }
    }

    /// Sends a text message, and waits until the broker has it; while the browser is slow for up to 60 s (W13).
    ///
    /// Before the handshake is over it accepts the socket (W7): join groups first, and send what is to be said at once
    /// with ``WebSocketDecision``.
    /// - Throws: `ClientError`, with `gone` when the socket is closed, `unknown` when nobody knows whether the broker
    ///   has it.
    public func send(_ text: String) async throws { try await self.send(WebSocketMessage.text(text)) }

    /// Sends a binary message; see ``send(_:)-(String)``.
    public func send(_ bytes: [UInt8]) async throws { try await self.send(WebSocketMessage.bytes(bytes)) }

    /// Sends a message as JSON text; see ``send(_:)-(String)``.
    public func send(json message: Message) async throws { try await self.send(message.json) }

    /// Sends a message; see ``send(_:)-(String)``.
    public func send(_ message: WebSocketMessage) async throws { try await self.put(message.payload, on: self.channel) }

    /// Closes the socket, behind what was sent before.
    ///
    /// - Parameters:
    ///   - code: 1000 to 1003, 1007 to 1014 or 3000 to 4999; another closes with 1011 (W11).
    ///   - reason: at most 123 bytes of UTF-8.
    public func close(_ code: Int = 1_000, reason: String = "") async throws {
        try await self.put(Self.closing(code, reason), on: self.channel, mayRepeat: true)
    }

    /// Closes the socket before what still waits to be sent; see ``close(_:reason:)``.
    public func closeAtOnce(_ code: Int = 1_000, reason: String = "") async throws {
        try await self.put(Self.closing(code, reason), on: self.controlChannel, mayRepeat: true)
    }

    /// Makes the socket a member of a group until it closes; in force when it returns, also before the socket is
    /// accepted (W9).
    public func join(_ group: String) async throws { try await self.layer.join(group, [self.channel]) }

    /// Ends a membership; leaving a group the socket is not in succeeds.
    public func leave(_ group: String) async throws { try await self.layer.leave(group, [self.channel]) }

    /// Has the socket's events sent to another channel from now on; `nil` gives it back to the shared ones (W18).
    ///
    /// A route that is `sticky` sees to this by itself. Another channel than one in such a mailbox closes the socket
    /// with 1011, unless an option of the interface server allows it (`--websocket-receive-channel`).
    public func receive(on channel: String?) async throws {
        try await self.put(
            Message([("receive_channel", channel.map { .string($0) } ?? .null)]).payload, on: self.controlChannel)
    }

    private static func closing(_ code: Int, _ reason: String) -> Payload {
        var message: Message = ["close": .int(Int64(code))]
        if !reason.isEmpty { message["reason"] = .string(reason) }
        return message.payload
    }

    /// - Parameter mayRepeat: whether it does no harm when it comes twice.
    private func put(_ payload: Payload, on channel: String, mayRepeat: Bool = false) async throws {
        var retry = Resending(patience: Self.patience)
        while true {
            do throws(ClientError) {
                return try await self.layer.send(payload, to: channel)
            } catch {
                guard error.isPassing || (mayRepeat && error.code == .unknown), let wait = retry.next() else {
                    throw error
                }
                try await self.clock.sleep(for: wait)
            }
        }
    }
}
