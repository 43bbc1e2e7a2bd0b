import DequeModule
import NIOCore
import NIOPosix
import SeawayNIO

/// A connection to Redis on which each command is answered once, in order.
final class RedisConnection: Sendable {
    /// What Redis answered to a command that it has refused.
    struct Refused: Error, CustomStringConvertible { let description: String }

    /// The connection has ended.
    struct Closed: Error, CustomStringConvertible {
        /// Whether the command had left: then it is done, or not.
        let wasSent: Bool
        var description = "redis has closed the connection"
    }

    private let channel: any Channel
    private let handler: NIOLoopBound<RedisAnswers>
    private let limits: ServiceLimits

    private init(_ channel: any Channel, _ handler: NIOLoopBound<RedisAnswers>, _ limits: ServiceLimits) {
        self.channel = channel
        self.handler = handler
        self.limits = limits
    }

    var isOpen: Bool { self.channel.isActive }

    /// Connects and logs in.
    ///
    /// - Parameter isDubious: whether the server is to give a sign of life before it is given anything else. The system
    ///   takes connections for a server that hangs.
    static func open(
        _ address: RedisAddress, _ eventLoop: any EventLoop, isDubious: Bool
    ) async throws -> RedisConnection {
        let parser = RESPParser(maxValue: address.maxValue)
        let made = try await address.connect(eventLoop) { channel in
            channel.eventLoop.makeCompletedFuture {
                let handler = RedisAnswers(parser)
                try channel.pipeline.syncOperations.addHandler(handler)
                return (channel, NIOLoopBound(handler, eventLoop: channel.eventLoop))
            }
        }
        let connection = RedisConnection(made.0, made.1, address.limits)
        do {
            if let password = address.password { try await connection.ask([Array("AUTH".utf8), password]) }
            if isDubious { try await connection.check() }
        } catch {
            connection.close()
            throw error
        }
        return connection
    }

    /// Asks for a sign of life.
    func check() async throws { try await self.ask([Array("PING".utf8)]) }

    /// - Throws: ``Refused``; ``Closed``; `CancellationError`: done or not.
    func ask(_ words: [[UInt8]]) async throws {
        let bytes = ByteBuffer(bytes: RESPValue.command(words))
        let answer = OneAnswer<Result<RESPValue, any Error>>()
        self.channel.eventLoop.execute {
            self.handler.value.wait(answer)
            self.channel.writeAndFlush(bytes, promise: nil)
        }
        // A server that does not answer is as good as gone.
        let limit = self.channel.eventLoop.scheduleTask(in: .init(self.limits.answer)) {
            self.handler.value.giveUp("\(ServiceSilence(self.limits.answer))")
            self.channel.close(promise: nil)
        }
        defer { limit.cancel() }
        if case .error(let text) = try await answer.wait().get() { throw Refused(description: text) }
    }

    func close() { self.channel.close(promise: nil) }
}

/// Gives answers to those who wait for them, in order.
private final class RedisAnswers: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer

    private let parser: RESPParser
    private var unread: [UInt8] = []
    private var waiting: Deque<OneAnswer<Result<RESPValue, any Error>>> = []
    private var isClosed = false

    init(_ parser: RESPParser) { self.parser = parser }

    func wait(_ answer: OneAnswer<Result<RESPValue, any Error>>) {
        if self.isClosed { return answer.give(.failure(RedisConnection.Closed(wasSent: false))) }
        self.waiting.append(answer)
    }

    func giveUp(_ reason: String) {
        self.isClosed = true
        for answer in self.waiting {
            answer.give(.failure(RedisConnection.Closed(wasSent: true, description: reason)))
        }
        self.waiting = []
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        self.unread += Self.unwrapInboundIn(data).readableBytesView
        do {
            while let (value, length) = try self.parser.next(self.unread[...]) {
                self.unread.removeFirst(length)
                self.waiting.popFirst()?.give(.success(value))
            }
        } catch {
            self.giveUp(PlainWords.of(error))
            context.close(promise: nil)
        }
    }

    func channelInactive(context: ChannelHandlerContext) {
        self.giveUp("redis has closed the connection")
        context.fireChannelInactive()
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) { context.close(promise: nil) }
}

@available(*, unavailable)
extension RedisAnswers: Sendable {}
