import Logging
import NIOPosix
import SeawayBroker
public import SeawayMessage
import Synchronization

/// A whole broker in this process whose clock stands still until it is told to go on: for tests of workers and of
/// anything else that uses a `ChannelLayer`. No socket, no port, and no waiting for time to pass.
///
/// ```swift
/// let broker = try await TestBroker()
/// let worker = Worker(layer: broker.layer)
/// worker.on("http.request", path: "/moon") { request in .text("hello from \(request.path)\n") }
/// async let _ = worker.run()
///
/// let answer = try await broker.request("GET", "/moon")
/// #expect(answer.status == 200)
/// #expect(answer.text == "hello from /moon\n")
/// ```
///
/// It is the broker of `seaway up`: what it refuses, delivers, counts and forgets is what a broker over the wire does.
/// What would never come is waited for without end: give such a test a time limit.
public final class TestBroker: Sendable {
    /// How often a broker looks after its deadlines.
    private static let checkInterval = Duration.milliseconds(100)

    /// For the code that is tested.
    public let layer: any ChannelLayer
    /// The broker's time; moved by ``advance(by:)``. For the waits of the code that is tested: `Worker(layer:clock:)`.
    public let clock: ManualClock
    private let broker: Broker
    /// The test's own: a name has one listening in a layer.
    private let ownLayer: any ChannelLayer
    private let lastReply = Mutex(0)
    private let sockets: TestSockets

    /// - Throws: ``TestLimits/NotAPattern``.
    public init(_ limits: TestLimits = TestLimits()) async throws {
        let clock = ManualClock()
        self.clock = clock
        self.broker = try await Broker.make(
            configuration: limits.configuration(), eventLoop: MultiThreadedEventLoopGroup.singleton.any(),
            logger: Logger(label: "seaway.testing") { _ in SwiftLogNoOpLogHandler() },
            clock: { clock.now.sinceStart.wholeMilliseconds })
        self.layer = self.broker.makeLayer(clientName: "tested")
        self.ownLayer = self.broker.makeLayer(clientName: "test")
        self.sockets = try await TestSockets.open(on: self.broker.makeLayer(clientName: "sockets"))
    }

    /// Another layer on the same broker, as another process has one.
    public func makeLayer(clientName: String = "other") -> any ChannelLayer {
        self.broker.makeLayer(clientName: clientName)
    }

    /// Lets time pass, and returns when everything has ended that ends by then: messages, memberships of readers that
    /// are gone, sleeps on ``clock``.
    public func advance(by duration: Duration) async throws {
        var left = duration
        while left > .zero {
            let step = min(left, Self.checkInterval)
            left -= step
            self.clock.advance(by: step)
            try await self.broker.check()
        }
    }

    // MARK: Looking

    /// The messages that wait on a channel, oldest first.
    public func waiting(on channel: String) async throws -> [Message] {
        try await self.broker.waiting(on: channel).map { try Message($0) }
    }

    /// The members of a group, in order.
    public func members(of group: String) async throws -> [String] { try await self.broker.members(of: group) }

    // MARK: Talking

    /// Listens on channels, and returns when that is in force.
    ///
    /// - Parameters:
    ///   - names: 1 to 1,024 channels, or mailboxes (names that end in `!`).
    ///   - acknowledged: whether what comes is to be acknowledged, by its `held`.
    /// - Throws: `ClientError` when it is refused.
    public func listen(to names: String..., acknowledged: Bool = false) async throws -> TestReader {
        try await TestReader.open(
            names, terms: ListeningTerms(acknowledged: acknowledged ? Set(names) : []),
            on: self.broker.makeLayer(clientName: "reader"))
    }

    /// Sends a message with a reply channel of its own, and waits for the first answer.
    ///
    /// - Throws: `ClientError` when the message is refused; `CancellationError`.
    public func ask(_ message: Message, on channel: String) async throws -> Message {
        let (reader, message) = try await self.begin(message, mailbox: "reply.test!")
        do {
            try await self.ownLayer.send(message, to: channel)
            let answer = try await reader.nextMessage()
            _ = await self.end(reader, message)
            return answer
        } catch {
            _ = await self.end(reader, message)
            throw error
        }
    }

    /// Sends an HTTP request as the interface server does (INTERFACE.md, section 2), and waits until the answer is
    /// whole.
    ///
    /// Cancelling the task is the client that leaves: the reply channel is closed and `http.disconnect` is sent, also
    /// to the channel that the worker has named (I17, I27). When the answer is there the channel is closed too: who
    /// goes on answering is refused with `gone`.
    ///
    /// So a consumer's cancellation is tested, with `Worker(layer: broker.layer, clock: broker.clock)`:
    ///
    /// ```swift
    /// let client = Task { try await broker.request("GET", "/slow") }
    /// // … when the consumer is at work:
    /// client.cancel()
    /// try await broker.advance(by: .milliseconds(250))
    /// // Now, or soon, its task is cancelled.
    /// ```
    ///
    /// - Parameters:
    ///   - method: such as `GET`.
    ///   - path: percent-decoded, as workers see it.
    ///   - query: what stands behind the `?`.
    ///   - headers: names in lower case.
    ///   - body: the whole body, at most 2 MiB with all else.
    ///   - channel: where its route sends requests.
    /// - Throws: `ClientError` when the request is refused (`full` is a 503 to the browser); ``TestAnswer/Malformed``
    ///   for an answer that is none; `CancellationError`.
    public func request(
        _ method: String, _ path: String, query: String = "", headers: [(name: String, value: String)] = [],
        body: [UInt8] = [], on channel: String = "http.request"
    ) async throws -> TestAnswer {
        var message = Self.head(path, query: query, headers: headers)
        message["scheme"] = "http"
        message["method"] = .string(method)
        message["body"] = .bytes(body)
        let assembly = Mutex(AnswerAssembly())
        let (reader, request) = try await self.begin(message, mailbox: "http.response.test!")
        do {
            try await self.ownLayer.send(request, to: channel)
        } catch {
            _ = await self.end(reader, request)
            throw error
        }
        do {
            while true {
                let message = try await reader.nextMessage()
                guard let answer = try assembly.withLock({ try $0.add(message) }) else { continue }
                _ = await self.end(reader, request)
                return answer
            }
        } catch {
            let untaken = await self.end(reader, request)
            // The worker may have named its channel meanwhile.
            for delivery in untaken { assembly.withLock { _ = try? $0.add(Message(delivery.body)) } }
            self.sayEnded(request, channel, error, disconnectChannel: assembly.withLock { $0.disconnectChannel })
            throw error
        }
    }

    /// What a request and the opening of a socket have in common.
    private static func head(_ path: String, query: String, headers: [(name: String, value: String)]) -> Message {
        let fields = headers.map { Value.list([.bytes(Array($0.name.utf8)), .bytes(Array($0.value.utf8))]) }
        return [
            "http_version": "1.1", "path": .string(path), "raw_path": .bytes(Array(path.utf8)),
            "query_string": .bytes(Array(query.utf8)), "root_path": .bytes([]), "headers": .list(fields),
            "client": ["127.0.0.1", 50_000], "server": ["127.0.0.1", 8_000],
        ]
    }

    /// Opens a WebSocket as a browser does through the interface server (INTERFACE.md, section 8), and waits until a
    /// worker accepts it.
    ///
    /// ```swift
    /// let socket = try await broker.connect("/chat/blue")
    /// socket.send("hi")
    /// #expect(try await socket.next() == .text("hi"))
    /// try await socket.close()
    /// ```
    ///
    /// Cancelling the task is the browser that leaves meanwhile.
    ///
    /// - Parameters:
    ///   - path: percent-decoded, as workers see it.
    ///   - query: what stands behind the `?`.
    ///   - headers: names in lower case.
    ///   - subprotocols: what the browser offers, in its order.
    ///   - channel: where the connect goes; its other events go beside it (W2).
    /// - Throws: ``TestSocket/Refused`` with what the browser gets instead; ``TestAnswer/Malformed`` for a decision
    ///   that is none (502); `ClientError` when the connect is refused (503 to the browser); `CancellationError`.
    public func connect(
        _ path: String, query: String = "", headers: [(name: String, value: String)] = [], subprotocols: [String] = [],
        on channel: String = "websocket.connect"
    ) async throws -> TestSocket {
        var connect = Self.head(path, query: query, headers: headers)
        connect["type"] = "websocket.connect"
        connect["scheme"] = "ws"
        if !subprotocols.isEmpty { connect["subprotocols"] = .list(subprotocols.map { .string($0) }) }
        return try await self.sockets.connect(connect, path: path, subprotocols: subprotocols, on: channel)
    }

    /// Makes a reply channel, and reads it.
    private func begin(_ message: Message, mailbox: String) async throws -> (TestReader, Message) {
        let replyChannel = self.lastReply.withLock { last in
            last += 1
            return "\(mailbox)\(last)"
        }
        var message = message
        message["reply_channel"] = .string(replyChannel)
        return (try await TestReader.open([replyChannel], on: self.ownLayer), message)
    }

    /// Closes the reply channel.
    ///
    /// - Returns: what has come and was not taken; who comes later meets `gone`.
    private func end(_ reader: TestReader, _ request: Message) async -> [Delivery] {
        reader.takeAll()
        self.ownLayer.close([request["reply_channel"]?.string].compactMap { $0 })
        await reader.stop()
        return reader.untaken
    }

    /// Tells that nobody waits any more: everybody when the client has left (I17), and the worker that works on it in
    /// any case (I27).
    private func sayEnded(_ request: Message, _ channel: String, _ error: any Error, disconnectChannel: String?) {
        let hasLeft = error is CancellationError
        let message: Message = [
            "reply_channel": request["reply_channel"] ?? .null, "path": request["path"] ?? .null,
            "reason": hasLeft ? "left" : "malformed",
        ]
        let (standard, beside) = ("http.request", "http.disconnect")
        let shared = channel.hasPrefix(standard) ? beside + channel.dropFirst(standard.count) : channel + ".disconnect"
        for name in [hasLeft ? shared : nil, disconnectChannel].compactMap({ $0 }) {
            self.ownLayer.send(message.payload, to: name, ifHeard: true) { _ in }
        }
    }
}
