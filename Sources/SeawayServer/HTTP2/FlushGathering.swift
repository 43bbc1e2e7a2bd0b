import NIOCore

/// Lets what all streams of a connection write in one turn of the loop leave in one piece.
///
/// Each stream flushes for itself, which would be a call to the system for every answer.
final class FlushGathering: ChannelOutboundHandler {
    typealias OutboundIn = ByteBuffer

    private var isWaiting = false

    func flush(context: ChannelHandlerContext) {
        guard !self.isWaiting else { return }
        self.isWaiting = true
        let bound = NIOLoopBound((self, context), eventLoop: context.eventLoop)
        context.eventLoop.execute {
            let (handler, context) = bound.value
            handler.pass(context)
        }
    }

    /// Before the end, so that nothing is lost that was to leave.
    func close(context: ChannelHandlerContext, mode: CloseMode, promise: EventLoopPromise<Void>?) {
        self.pass(context)
        context.close(mode: mode, promise: promise)
    }

    private func pass(_ context: ChannelHandlerContext) {
        guard self.isWaiting else { return }
        self.isWaiting = false
        context.flush()
    }
}

@available(*, unavailable)
extension FlushGathering: Sendable {}
