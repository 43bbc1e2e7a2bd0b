import NIOCore

/// Joins the frames that are written one after another, each of them small, so that they leave in one piece: one call
/// to the system for all of them, and one record inside TLS.
///
/// The bytes are copied, and whoever wrote them has its buffer for the next frame.
final class WriteGathering: ChannelOutboundHandler {
    typealias OutboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    /// Bytes from which on a piece is passed on as it is.
    private static let large = 4_096
    /// Bytes that are joined at most, so that the channel soon knows what waits.
    private static let most = 16_384

    private var gathered = ByteBuffer()
    /// Of all that was joined.
    private var promise: EventLoopPromise<Void>?

    func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
        let bytes = Self.unwrapOutboundIn(data)
        if bytes.readableBytes >= Self.large {
            self.pass(context)
            return context.write(data, promise: promise)
        }
        if self.gathered.readableBytes == 0 { self.gathered = context.channel.allocator.buffer(capacity: 1_024) }
        self.gathered.writeImmutableBuffer(bytes)
        if let first = self.promise { first.futureResult.cascade(to: promise) } else { self.promise = promise }
        if self.gathered.readableBytes >= Self.most { self.pass(context) }
    }

    func flush(context: ChannelHandlerContext) {
        self.pass(context)
        context.flush()
    }

    /// Before the end, so that nothing is lost that was to leave.
    func close(context: ChannelHandlerContext, mode: CloseMode, promise: EventLoopPromise<Void>?) {
        self.pass(context)
        context.flush()
        context.close(mode: mode, promise: promise)
    }

    func handlerRemoved(context: ChannelHandlerContext) {
        self.gathered = ByteBuffer()
        self.promise.take()?.fail(ChannelError.ioOnClosedChannel)
    }

    private func pass(_ context: ChannelHandlerContext) {
        guard self.gathered.readableBytes > 0 else { return }
        let gathered = self.gathered
        self.gathered = ByteBuffer()
        context.write(Self.wrapOutboundOut(gathered), promise: self.promise.take())
    }
}

@available(*, unavailable)
extension WriteGathering: Sendable {}
