import NIOCore
import NIOHTTP2

/// Carries the bytes of one connection on a stream of HTTP/2 (RFC 8441): what is read is the content of the client's
/// `DATA`, the end of a side its `END_STREAM`.
///
/// What comes is passed on one piece at a time, as it is asked for; what waits here and what may still come are never
/// more than the stream's window.
final class HTTP2Tunnel: ChannelDuplexHandler {
    typealias InboundIn = HTTP2Frame.FramePayload
    typealias InboundOut = ByteBuffer
    typealias OutboundIn = ByteBuffer
    typealias OutboundOut = HTTP2Frame.FramePayload

    private let connection: HTTP2Connection
    private var window: HTTP2Window
    private var output: HTTP2Output
    private var held: ByteBuffer
    /// The stream reads by itself, so the first piece is asked for.
    private var isAsked = true
    private var isPassingOn = false
    /// Of the client, and of this server.
    private var ends = (client: false, server: false)

    /// - Parameters:
    ///   - window: as far as it was used.
    ///   - early: what came before.
    init(on connection: HTTP2Connection, window: HTTP2Window, early: ByteBuffer) {
        self.connection = connection
        self.window = window
        self.held = early
        self.output = HTTP2Output(now: connection.now)
    }

    /// What of its output is on its way.
    var outgoing: Outgoing { self.output.outgoing }

    func channelInactive(context: ChannelHandlerContext) {
        self.ends = (true, true)
        self.connection.leave(self)
        // Whoever does not read now may want it later.
        if let rest = self.held.readSlice(length: self.held.readableBytes), rest.readableBytes > 0 {
            context.fireChannelRead(Self.wrapInboundOut(rest))
        }
        context.fireChannelInactive()
    }

    // MARK: What comes

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        switch Self.unwrapInboundIn(data) {
        case .headers(let headers): self.ends.client = self.ends.client || headers.endStream
        case .data(let data):
            self.window.came(data)
            if case .byteBuffer(let bytes) = data.data { self.held.writeImmutableBuffer(bytes) }
            self.ends.client = self.ends.client || data.endStream
        default: break
        }
    }

    func channelReadComplete(context: ChannelHandlerContext) { self.passOn(context) }

    func read(context: ChannelHandlerContext) {
        self.isAsked = true
        // First, so that the end is seen before the client is let send on.
        context.read()
        self.passOn(context)
    }

    /// A piece that was passed on may bring the next one to be asked for: the loop goes on, no second one begins.
    func passOn(_ context: ChannelHandlerContext) {
        guard !self.isPassingOn else { return }
        self.isPassingOn = true
        while self.isAsked, self.held.readableBytes > 0,
            let piece = self.held.readSlice(length: min(self.held.readableBytes, HTTP2Output.piece))
        {
            self.isAsked = false
            context.fireChannelRead(Self.wrapInboundOut(piece))
            context.fireChannelReadComplete()
            if !self.isAsked { context.pipeline.read() }
        }
        self.isPassingOn = false
        if self.held.readableBytes == 0 { self.held.clear() }
        if self.ends.client { self.clientEnded(context) } else { self.openWindow(context) }
    }

    private func openWindow(_ context: ChannelHandlerContext) {
        guard self.held.readableBytes < HTTP2Output.piece, let bytes = self.window.grant(held: self.held.readableBytes)
        else { return }
        self.connection.wrote()
        context.writeAndFlush(Self.wrapOutboundOut(.windowUpdate(windowSizeIncrement: bytes)), promise: nil)
    }

    /// A connection ends when its client ends it, behind what this turn of the loop still writes, such as the answer to
    /// what came last.
    private func clientEnded(_ context: ChannelHandlerContext) {
        guard self.held.readableBytes == 0, !self.ends.server else { return }
        let bound = NIOLoopBound((self, context), eventLoop: context.eventLoop)
        context.eventLoop.execute {
            let (tunnel, context) = bound.value
            tunnel.end(context, promise: nil)
        }
    }

    // MARK: What goes

    func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
        guard !self.ends.server else { return promise?.fail(ChannelError.outputClosed) ?? () }
        self.connection.wrote()
        var rest = Self.unwrapOutboundIn(data)
        repeat {
            let piece = rest.readSlice(length: min(rest.readableBytes, HTTP2Output.piece)) ?? ByteBuffer()
            let size = piece.readableBytes
            self.output.wrote(size, at: self.connection.now)
            let left = context.eventLoop.makePromise(of: Void.self)
            left.futureResult.assumeIsolated().whenSuccess { self.output.left(size) }
            if rest.readableBytes == 0 { left.futureResult.cascade(to: promise) }
            context.write(Self.wrapOutboundOut(.data(.init(data: .byteBuffer(piece)))), promise: left)
        } while rest.readableBytes > 0
    }

    func close(context: ChannelHandlerContext, mode: CloseMode, promise: EventLoopPromise<Void>?) {
        if mode == .output { self.end(context, promise: promise) } else { context.close(mode: .all, promise: promise) }
    }

    private func end(_ context: ChannelHandlerContext, promise: EventLoopPromise<Void>?) {
        guard !self.ends.server else { return promise?.succeed() ?? () }
        self.ends.server = true
        self.connection.wrote()
        let end = HTTP2Frame.FramePayload.Data(data: .byteBuffer(ByteBuffer()), endStream: true)
        context.writeAndFlush(Self.wrapOutboundOut(.data(end)), promise: promise)
    }
}

@available(*, unavailable)
extension HTTP2Tunnel: Sendable {}
