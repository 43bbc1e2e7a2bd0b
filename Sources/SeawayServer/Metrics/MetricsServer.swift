package import Logging
package import NIOCore
import NIOHTTP1
import NIOPosix
import SeawayNIO

/// Prints what a process counts, in the Prometheus text format, to whoever asks for `/metrics`.
///
/// Knows nobody: listen only where those who may read it are.
package final class MetricsServer: Sendable {
    /// Connections at once; of more, one that has not asked yet makes room.
    private static let maxConnections = 16

    private let metrics: @Sendable () -> EventLoopFuture<[Metric]>
    private let eventLoop: any EventLoop
    private let logger: Logger
    private let listeners: NIOLoopBoundBox<Listeners?>
    /// In the order in which they came.
    private let open: NIOLoopBoundBox<[MetricsHandler]>

    /// - Parameter metrics: what is counted now.
    package init(
        eventLoop: any EventLoop, logger: Logger, _ metrics: @escaping @Sendable () -> EventLoopFuture<[Metric]>
    ) {
        self.metrics = metrics
        self.eventLoop = eventLoop
        self.logger = logger
        self.listeners = NIOLoopBoundBox.makeEmptyBox(eventLoop: eventLoop)
        self.open = NIOLoopBoundBox.makeBoxSendingValue([], eventLoop: eventLoop)
    }

    /// - Parameter port: 0 picks a free one.
    /// - Returns: the addresses that the host stands for.
    /// - Throws: when one of them cannot be listened on.
    package func start(host: String, port: Int) async throws -> [SocketAddress] {
        let listeners = try await Listeners.open(ListenPlace(host: host, port: port), logger: self.logger) {
            ServerBootstrap(group: self.eventLoop)
                .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
                .childChannelOption(.allowRemoteHalfClosure, value: true)
                .childChannelInitializer { channel in
                    channel.eventLoop.makeCompletedFuture { try self.addHandlers(to: channel) }
                }
        }
        try await self.eventLoop.submit { self.listeners.value = listeners }.get()
        return listeners.addresses
    }

    private func addHandlers(to channel: any Channel) throws {
        self.makeRoom()
        let handler = MetricsHandler(self.metrics)
        self.open.value.append(handler)
        let bound = NIOLoopBound(handler, eventLoop: channel.eventLoop)
        channel.closeFuture.whenComplete { _ in self.open.value.removeAll { $0 === bound.value } }
        try channel.pipeline.syncOperations.addHandler(HTTPResponseEncoder())
        try channel.pipeline.syncOperations.addRequestHandlers()
        try channel.pipeline.syncOperations.addHandler(handler)
    }

    /// Who only holds a place gives it to who asks: so nobody can shut out the others.
    private func makeRoom() {
        guard self.open.value.count >= Self.maxConnections else { return }
        let index = self.open.value.firstIndex { !$0.isAsked } ?? 0
        self.open.value.remove(at: index).giveUp()
    }

    /// Takes no more questions.
    package func shutdown() async {
        let stopped = self.eventLoop.submit { self.listeners.value.take()?.close() }
        // What cannot be closed is closed already.
        try? await stopped.get()
    }
}

/// Answers one question, and closes.
private final class MetricsHandler: ChannelInboundHandler {
    typealias InboundIn = HTTPServerRequestPart
    typealias OutboundOut = HTTPServerResponsePart

    /// For the question, and then without a byte of the answer that was taken.
    private static let patience = Duration.seconds(10)

    private let metrics: () -> EventLoopFuture<[Metric]>
    private var head: HTTPRequestHead?
    private var limit: Scheduled<Void>?
    private var began = Moment(milliseconds: 0)
    /// `nil` before the answer.
    private var output: TakenBytes?
    fileprivate private(set) var isAsked = false
    private var channel: (any Channel)?

    init(_ metrics: @escaping () -> EventLoopFuture<[Metric]>) { self.metrics = metrics }

    func handlerAdded(context: ChannelHandlerContext) {
        self.began = Moment(context.eventLoop.now)
        self.channel = context.channel
        self.lookAgain(context)
    }

    func handlerRemoved(context: ChannelHandlerContext) { self.channel = nil }

    /// Leaves its place to another.
    func giveUp() { self.channel?.close(promise: nil) }

    private func lookAgain(_ context: ChannelHandlerContext) {
        let bound = NIOLoopBound((self, context), eventLoop: context.eventLoop)
        self.limit = context.eventLoop.scheduleTask(in: .seconds(1)) {
            let (handler, context) = bound.value
            handler.look(context)
        }
    }

    private func look(_ context: ChannelHandlerContext) {
        let now = Moment(context.eventLoop.now)
        self.output?.look(Outgoing(context.channel), at: now)
        let isLate = self.output?.isStalled(for: Self.patience, at: now) ?? (self.began + Self.patience <= now)
        if isLate { context.close(promise: nil) } else { self.lookAgain(context) }
    }

    func channelInactive(context: ChannelHandlerContext) {
        self.limit?.cancel()
        context.fireChannelInactive()
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        switch Self.unwrapInboundIn(data) {
        case .head(let head): self.head = head
        case .body: break
        case .end: if let head = self.head.take() { self.answer(head, context) }
        }
    }

    /// Who says nothing more, and has asked nothing, has left.
    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if event as? ChannelEvent == .inputClosed, self.output == nil, !self.isAsked { context.close(promise: nil) }
        context.fireUserInboundEventTriggered(event)
    }

    private func answer(_ asked: HTTPRequestHead, _ context: ChannelHandlerContext) {
        let isKnown = asked.uri == "/metrics" || asked.uri.hasPrefix("/metrics?")
        let mayAsk = asked.method == .GET || asked.method == .HEAD
        let status: HTTPResponseStatus =
            !asked.hasLegalHost ? .badRequest : !mayAsk ? .methodNotAllowed : isKnown ? .ok : .notFound
        let isHead = asked.method == .HEAD
        guard status == .ok else { return self.answer(status, isHead: isHead, context) }
        guard !self.isAsked else { return }
        self.isAsked = true
        let bound = NIOLoopBound((self, context), eventLoop: context.eventLoop)
        self.metrics().hop(to: context.eventLoop).whenSuccess { metrics in
            let (handler, context) = bound.value
            // The client may have left.
            guard context.channel.isActive else { return }
            handler.answer(.ok, metrics.text, isHead: isHead, context)
        }
    }

    private func answer(
        _ status: HTTPResponseStatus, _ text: String? = nil, isHead: Bool, _ context: ChannelHandlerContext
    ) {
        // It answers once.
        guard self.output == nil else { return }
        self.output = TakenBytes(now: Moment(context.eventLoop.now))
        self.output?.wrote(at: Moment(context.eventLoop.now))
        let body = ByteBuffer(string: text ?? "\(status.reasonPhrase)\n")
        var head = HTTPResponseHead(version: .http1_1, status: status)
        head.headers.add(name: "content-type", value: "text/plain; version=0.0.4; charset=utf-8")
        head.headers.add(name: "content-length", value: "\(body.readableBytes)")
        head.headers.add(name: "connection", value: "close")
        if status == .methodNotAllowed { head.headers.add(name: "allow", value: "GET, HEAD") }
        context.write(Self.wrapOutboundOut(.head(head)), promise: nil)
        if !isHead { context.write(Self.wrapOutboundOut(.body(.byteBuffer(body))), promise: nil) }
        let channel = context.channel
        context.writeAndFlush(Self.wrapOutboundOut(.end(nil))).whenComplete { _ in channel.close(promise: nil) }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        guard let status = HTTPResponseStatus(refusing: error) else { return context.close(promise: nil) }
        self.answer(status, isHead: false, context)
    }
}

@available(*, unavailable)
extension MetricsHandler: Sendable {}
