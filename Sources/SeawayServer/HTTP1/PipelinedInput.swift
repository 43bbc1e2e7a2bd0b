package import NIOCore

/// Holds back, as bytes, what a client of HTTP/1.1 sends behind requests for which it has no more places (I20): parsed,
/// short requests take forty times the room.
///
/// Stands before the decoder, which takes all that it is given. The end of the client's side waits behind what is held;
/// the end of the connection does not.
package final class PipelinedInput: ChannelInboundHandler, RemovableChannelHandler {
    package typealias InboundIn = ByteBuffer
    package typealias InboundOut = ByteBuffer

    /// Says how much may be parsed; without it all is passed on.
    private var handler: HTTP1Handler?
    private var context: ChannelHandlerContext?
    private var held = CircularBuffer<ByteBuffer>(initialCapacity: 0)
    /// The client has ended its side behind what is held.
    private var hasEnded = false
    private var isPassing = false

    /// Bytes that are held.
    package var size: Int { self.held.reduce(0) { $0 + $1.readableBytes } }

    var isEmpty: Bool { self.held.isEmpty && !self.hasEnded }

    /// From now on a handler says how much may be parsed.
    func ask(_ handler: HTTP1Handler) { self.handler = handler }

    package func handlerAdded(context: ChannelHandlerContext) { self.context = context }

    package func handlerRemoved(context: ChannelHandlerContext) {
        self.handler = nil
        self.context = nil
    }

    /// What is held belongs to whoever comes next.
    package func removeHandler(context: ChannelHandlerContext, removalToken: ChannelHandlerContext.RemovalToken) {
        while let bytes = self.held.popFirst() { context.fireChannelRead(Self.wrapInboundOut(bytes)) }
        self.passEnd(context)
        context.leavePipeline(removalToken: removalToken)
    }

    package func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        let bytes = Self.unwrapInboundIn(data)
        self.handler?.bytesCame(bytes.readableBytes)
        // All of nearly every read goes on as it is.
        let room = self.handler?.roomForInput(of: bytes.readableBytes) ?? bytes.readableBytes
        if self.held.isEmpty, !self.isPassing, room == bytes.readableBytes { return context.fireChannelRead(data) }
        self.held.append(bytes)
        self.goOn()
        self.handler?.countInput()
    }

    package func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        guard event as? ChannelEvent == .inputClosed, !self.held.isEmpty else {
            return context.fireUserInboundEventTriggered(event)
        }
        self.hasEnded = true
    }

    package func channelInactive(context: ChannelHandlerContext) {
        self.held.removeAll()
        self.hasEnded = false
        context.fireChannelInactive()
    }

    /// Passes on as much as there is room for.
    func goOn() {
        guard !self.isPassing, let context = self.context, let handler = self.handler else { return }
        self.isPassing = true
        while var bytes = self.held.first {
            let room = handler.roomForInput(of: bytes.readableBytes)
            guard room > 0, let part = bytes.readSlice(length: room) else { break }
            if bytes.readableBytes == 0 { self.held.removeFirst() } else { self.held[self.held.startIndex] = bytes }
            context.fireChannelRead(Self.wrapInboundOut(part))
        }
        self.isPassing = false
        if self.held.isEmpty { self.passEnd(context) }
    }

    /// Forgets what is held, since nothing more is taken; the end is told behind what is done now.
    func drop() {
        self.held.removeAll()
        guard self.hasEnded, let context = self.context else { return }
        context.eventLoop.assumeIsolated().execute { self.passEnd(context) }
    }

    private func passEnd(_ context: ChannelHandlerContext) {
        guard self.hasEnded, self.context != nil else { return }
        self.hasEnded = false
        context.fireUserInboundEventTriggered(ChannelEvent.inputClosed)
    }
}

@available(*, unavailable)
extension PipelinedInput: Sendable {}
