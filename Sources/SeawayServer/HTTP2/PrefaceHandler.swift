import NIOCore
import SeawayNIO

/// A connection without TLS until it shows whether its client begins with HTTP/2, by prior knowledge (RFC 9113, 3.3).
final class PrefaceHandler: PlaceHolder, RemovableChannelHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    private static let preface = Array("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".utf8)

    let core: ServerCore
    var place: HeldPlace
    private var input = ByteBuffer()

    init(core: ServerCore) {
        self.core = core
        self.place = HeldPlace(since: core.now, atMost: core.configuration.headTimeout)
    }

    func turnAway(_ context: ChannelHandlerContext) {
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
        guard let context = self.place.take() else { return }
        do { try add(context.channel) } catch { return context.closeAtOnce() }
        context.fireChannelRead(NIOAny(self.input))
        context.pipeline.syncOperations.removeHandler(context: context, promise: nil)
    }

    /// Nothing was asked yet, and nothing will be.
    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if event as? ChannelEvent == .inputClosed { self.end() }
        context.fireUserInboundEventTriggered(event)
    }

    func channelInactive(context: ChannelHandlerContext) {
        self.end()
        context.fireChannelInactive()
    }

    private func end() { self.leave()?.closeAtOnce() }

    func isLate() { self.end() }
}

@available(*, unavailable)
extension PrefaceHandler: Sendable {}
