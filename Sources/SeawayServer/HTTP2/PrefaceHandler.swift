import NIOCore
import SeawayNIO

/// A connection without TLS until it shows whether its client begins with HTTP/2, by prior knowledge (RFC 9113, 3.3).
final class PrefaceHandler: ChannelInboundHandler, RemovableChannelHandler, ServerConnection {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    private static let preface = Array("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".utf8)

    private let core: ServerCore
    private let began: Moment
    private var input = ByteBuffer()
    /// `nil` before the connection is there and when it is known what it speaks.
    private var context: ChannelHandlerContext?

    init(core: ServerCore) {
        self.core = core
        self.began = core.now
    }

    func handlerAdded(context: ChannelHandlerContext) {
        if context.channel.isActive { self.enter(context) }
    }

    func channelActive(context: ChannelHandlerContext) {
        self.enter(context)
        context.fireChannelActive()
    }

    private func enter(_ context: ChannelHandlerContext) {
        guard !self.core.enter(self) else { return self.context = context }
        let page = self.core.writer.error(.tooManyConnections, isHead: false, connection: .close)
        context.writeAndFlush(self.wrapOutboundOut(page), promise: nil)
        context.closeAtOnce()
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        self.input.writeImmutableBuffer(Self.unwrapInboundIn(data))
        let count = min(self.input.readableBytes, Self.preface.count)
        guard self.input.readableBytesView.prefix(count).elementsEqual(Self.preface.prefix(count)) else {
            return self.goOn { try $0.addHTTPHandlers(self.core, inPlaceOf: self) }
        }
        guard count == Self.preface.count else { return }
        self.goOn { try $0.addHTTP2Handlers(self.core, inPlaceOf: self) }
    }

    private func goOn(_ add: (any Channel) throws -> Void) {
        guard let context = self.context.take() else { return }
        do { try add(context.channel) } catch { return context.closeAtOnce() }
        context.fireChannelRead(NIOAny(self.input))
        context.pipeline.syncOperations.removeHandler(context: context, promise: nil)
    }

    func channelInactive(context: ChannelHandlerContext) {
        self.end()
        context.fireChannelInactive()
    }

    private func end() {
        guard let context = self.context.take() else { return }
        self.core.leave(self)
        context.closeAtOnce()
    }

    // MARK: What the server sees to

    func sweep(at now: Moment) { if self.began + self.core.configuration.headTimeout <= now { self.end() } }

    func drain() { self.end() }

    func abort(_ ending: RequestEnd) { self.end() }
}

@available(*, unavailable)
extension PrefaceHandler: Sendable {}
