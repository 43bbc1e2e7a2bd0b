import NIOCore

/// Ends a connection when something was waited for and nothing has come for too long.
///
/// The time counts only while there is a `read` to be answered: when we have no room for more, it is not the other side
/// that is silent.
final class SilenceHandler: ChannelDuplexHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundIn = ByteBuffer

    private let limit: Duration
    private var waiting: Scheduled<Void>?

    init(_ limit: Duration) { self.limit = limit }

    func read(context: ChannelHandlerContext) {
        if self.waiting == nil {
            let bound = NIOLoopBound((self, context), eventLoop: context.eventLoop)
            self.waiting = context.eventLoop.scheduleTask(in: .init(self.limit)) {
                let (handler, context) = bound.value
                context.fireErrorCaught(ServiceSilence(handler.limit))
                context.close(promise: nil)
            }
        }
        context.read()
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        self.cancel()
        context.fireChannelRead(data)
    }

    func channelInactive(context: ChannelHandlerContext) {
        self.cancel()
        context.fireChannelInactive()
    }

    func handlerRemoved(context: ChannelHandlerContext) { self.cancel() }

    private func cancel() {
        self.waiting?.cancel()
        self.waiting = nil
    }
}

@available(*, unavailable)
extension SilenceHandler: Sendable {}
