public import SeawayMessage
import Synchronization

/// A browser's end of a WebSocket, as workers know it through the interface server; see
/// ``TestBroker/connect(_:query:headers:subprotocols:on:)``.
///
/// It takes everything at once, and waits for the `done` of a serial event without end.
public final class TestSocket: Sendable {
    /// What goes either way.
    public enum Frame: Hashable, Sendable {
        case text(String)
        case bytes([UInt8])
        /// The end, with its code and reason; nothing comes behind it.
        case close(code: Int, reason: String = "")
    }

    /// The worker does not want the socket: what the browser gets instead.
    public struct Refused: Error, Sendable {
        public let answer: TestAnswer
    }

    /// The socket has ended, and all that has come was taken.
    public struct Ended: Error, Hashable, Sendable {}

    /// Where workers send to it: a member of groups under this name.
    public let channel: String
    /// The one that the worker has chosen.
    public var subprotocol: String? { self.acceptance.withLock { $0.subprotocol } }
    /// More fields of the 101.
    public var headers: [(name: String, value: String)] { self.acceptance.withLock { $0.headers } }

    private let layer: any ChannelLayer
    private let conversation: Mutex<TestSocketConversation>
    private let acceptance = Mutex<(subprotocol: String?, headers: [(name: String, value: String)])>((nil, []))
    private let frames = Arrivals<Frame>()
    private let decision = Arrivals<Void>()
    private let ends = Arrivals<Void>()
    private let over: @Sendable () -> Void

    init(_ channels: TestSocketChannels, _ layer: any ChannelLayer, over: @escaping @Sendable () -> Void) {
        self.channel = channels.send
        self.layer = layer
        self.conversation = Mutex(TestSocketConversation(channels))
        self.over = over
    }

    // MARK: The browser

    /// Sends a text message: to workers at once, or when they have said `done` to the one before.
    public func send(_ text: String) { self.send(.text(text)) }

    /// Sends a binary message.
    public func send(_ bytes: [UInt8]) { self.send(.bytes(bytes)) }

    /// Sends a message as JSON text.
    public func send(json message: Message) { self.send(.text(message.json)) }

    /// Sends a message, or closes; on a socket that has ended nothing happens.
    public func send(_ frame: Frame) { self.carryOut { $0.say(frame) } }

    /// Closes, and returns when workers are told.
    public func close(_ code: Int = 1_000, reason: String = "") async throws {
        self.carryOut { $0.end(code: code, reason: reason) }
        try await self.ended()
    }

    /// The connection breaks: workers are told 1006. Returns when they are.
    public func leave() async throws { try await self.close(1_006) }

    /// The next that workers have sent.
    ///
    /// - Throws: `CancellationError`; ``TestAnswer/Malformed`` where a worker has sent what no socket takes, which has
    ///   closed it with 1011; ``Ended``.
    public func next() async throws -> Frame { try await self.frames.next() }

    /// The next message as JSON text.
    ///
    /// - Throws: what ``next()`` does; `MessageError` for one that is no JSON object, also the close.
    public func nextJSON() async throws -> Message {
        guard case .text(let text) = try await self.next() else { throw MessageError(.json) }
        return try Message(json: text)
    }

    /// Returns when the socket has ended, and its disconnect is with the workers' channel.
    public func ended() async throws {
        do {
            try await self.ends.next()
        } catch is Ended {
            // As is every time but the first.
        }
    }

    // MARK: The server

    /// Sends the connect, and returns when it is accepted.
    func open(_ connect: Message, on channel: String) async throws {
        do {
            try await self.layer.send(connect, to: channel)
        } catch {
            self.over()
            throw error
        }
        do {
            try await self.decision.next()
        } catch is CancellationError {
            self.carryOut { $0.end(code: 1_006, reason: "") }
            throw CancellationError()
        }
    }

    func take(_ delivery: Delivery, on channel: String) {
        let message = (try? Message(delivery.body)) ?? [:]
        let isOfGroup = delivery.group != nil
        self.carryOut { channel == self.channel ? $0.take(message, isOfGroup: isOfGroup) : $0.control(message) }
    }

    private func carryOut(_ step: (inout TestSocketConversation) -> [TestSocketConversation.Action]) {
        // What tells the test happens inside, so in its order whoever does something at the same time; what calls the
        // layer, which may call back here at once, outside: there is one event on its way at a time (W6).
        let calls = self.conversation.withLock { conversation in
            var calls: [TestSocketConversation.Action] = []
            for action in step(&conversation) {
                switch action {
                case .send: calls.append(action)
                case .accepted(let subprotocol, let headers):
                    self.acceptance.withLock { $0 = (subprotocol, headers) }
                    self.decision.put(())
                case .refused(let answer): self.decision.end(throwing: Refused(answer: answer))
                case .frame(let frame): self.frames.put(frame)
                case .malformed(let fault):
                    self.decision.end(throwing: fault)
                    self.frames.end(throwing: fault)
                case .close:
                    self.frames.end(throwing: Ended())
                    calls.append(action)
                case .over: calls.append(action)
                }
            }
            return calls
        }
        for call in calls { self.carryOut(call) }
    }

    private func carryOut(_ call: TestSocketConversation.Action) {
        switch call {
        case .send(let message, let channel, let ifHeard):
            self.layer.send(message.payload, to: channel, ifHeard: ifHeard) { [self] answer in
                self.carryOut { $0.answered(answer) }
            }
        case .close(let channels): self.layer.close(channels)
        case .over:
            self.over()
            self.ends.end(throwing: Ended())
        case .accepted, .refused, .frame, .malformed: break
        }
    }
}
