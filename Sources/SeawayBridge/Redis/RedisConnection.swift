import DequeModule
import NIOCore
import NIOPosix

/// A connection to Redis on which each command is answered once, in order.
final class RedisConnection: Sendable {
    /// What Redis answered to a command that it has refused.
    struct Refused: Error, CustomStringConvertible { let description: String }
    struct Closed: Error, CustomStringConvertible { let description = "redis has closed the connection" }

    private let channel: any Channel
    private let handler: NIOLoopBound<RedisAnswers>

    private init(_ channel: any Channel, _ handler: NIOLoopBound<RedisAnswers>) {
        self.channel = channel
        self.handler = handler
    }

    var isOpen: Bool { self.channel.isActive }

    static func open(_ address: RedisAddress, _ eventLoop: any EventLoop) async throws -> RedisConnection {
        let parser = RESPParser(maxValue: address.maxValue)
        let made = try await address.connect(eventLoop) { channel in
            channel.eventLoop.makeCompletedFuture {
                let handler = RedisAnswers(parser)
                try channel.pipeline.syncOperations.addHandler(handler)
                return (channel, NIOLoopBound(handler, eventLoop: channel.eventLoop))
            }
        }
        let connection = RedisConnection(made.0, made.1)
        if let password = address.password { try await connection.ask([Array("AUTH".utf8), password]) }
        return connection
    }

    /// - Throws: ``Refused``; ``Closed``: done or not.
    func ask(_ words: [[UInt8]]) async throws {
        let bytes = ByteBuffer(bytes: RESPValue.command(words))
        let answer = self.channel.eventLoop.makePromise(of: RESPValue.self)
        self.channel.eventLoop.execute {
            self.handler.value.wait(answer)
            self.channel.writeAndFlush(bytes, promise: nil)
        }
        // A server that does not answer is as good as gone.
        let limit = self.channel.eventLoop.scheduleTask(in: .seconds(10)) { self.channel.close(promise: nil) }
        defer { limit.cancel() }
        if case .error(let text) = try await answer.futureResult.get() { throw Refused(description: text) }
    }

    func close() { self.channel.close(promise: nil) }
}

/// Gives answers to those who wait for them, in order.
private final class RedisAnswers: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer

    private let parser: RESPParser
    private var unread: [UInt8] = []
    private var waiting: Deque<EventLoopPromise<RESPValue>> = []
    private var isClosed = false

    init(_ parser: RESPParser) { self.parser = parser }

    func wait(_ answer: EventLoopPromise<RESPValue>) {
        if self.isClosed { return answer.fail(RedisConnection.Closed()) }
        self.waiting.append(answer)
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        self.unread += Self.unwrapInboundIn(data).readableBytesView
        do {
            while let (value, length) = try self.parser.next(self.unread[...]) {
                self.unread.removeFirst(length)
                self.waiting.popFirst()?.succeed(value)
            }
        } catch {
            context.close(promise: nil)
        }
    }

    func channelInactive(context: ChannelHandlerContext) {
        self.isClosed = true
        for answer in self.waiting { answer.fail(RedisConnection.Closed()) }
        self.waiting = []
        context.fireChannelInactive()
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) { context.close(promise: nil) }
}

@available(*, unavailable)
extension RedisAnswers: Sendable {}
