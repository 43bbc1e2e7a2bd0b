import NIOCore
import NIOHPACK
import NIOHTTP2

/// The streams of one connection that carry WebSockets: each is a channel of its own, as a connection would be.
///
/// Made by NIO's multiplexer, which only connections get that have such a stream.
final class HTTP2SocketChannels {
    private let limits: HTTP2Configuration
    private var tunnels: [HTTP2StreamID: HTTP2Tunnel] = [:]
    private var multiplexer: HTTP2StreamMultiplexer?
    private var context: ChannelHandlerContext?

    init(_ limits: HTTP2Configuration) { self.limits = limits }

    var isEmpty: Bool { self.tunnels.isEmpty }

    /// The connection is gone.
    func end() {
        self.multiplexer = nil
        self.context = nil
    }

    func has(_ stream: HTTP2StreamID) -> Bool { self.tunnels[stream] != nil }

    /// Gives a frame of one of these streams to its channel.
    func read(_ frame: NIOAny) {
        guard let context = self.context else { return }
        self.multiplexer?.channelRead(context: context, data: frame)
    }

    func leave(_ tunnel: HTTP2Tunnel) {
        if let stream = self.tunnels.first(where: { $0.value === tunnel })?.key { self.tunnels[stream] = nil }
    }

    /// Makes the channel of a stream whose request was read already.
    ///
    /// - Parameter connection: where the connection itself stands in its pipeline.
    /// - Returns: a channel without handlers; `nil` when the connection takes no handler any more.
    func make(
        _ stream: HTTP2StreamID, for tunnel: HTTP2Tunnel, on connection: ChannelHandlerContext
    ) -> (any Channel)? {
        guard let (multiplexer, context) = self.multiplexer(on: connection.channel) else { return nil }
        self.tunnels[stream] = tunnel
        // As if the request came now: a channel begins with it.
        let head = HTTP2Frame(streamID: stream, payload: .headers(.init(headers: [:])))
        multiplexer.channelRead(context: context, data: NIOAny(head))
        multiplexer.userInboundEventTriggered(
            context: context,
            event: NIOHTTP2StreamCreatedEvent(
                streamID: stream, localInitialWindowSize: nil, remoteInitialWindowSize: nil))
        multiplexer.channelReadComplete(context: context)
        return self.made.take()
    }

    /// The channel that the multiplexer has just begun.
    private var made: (any Channel)?

    private func multiplexer(on channel: any Channel) -> (HTTP2StreamMultiplexer, ChannelHandlerContext)? {
        if let multiplexer = self.multiplexer, let context = self.context { return (multiplexer, context) }
        let bound = NIOLoopBound(self, eventLoop: channel.eventLoop)
        // ``HTTP2Window`` opens the windows.
        let multiplexer = HTTP2StreamMultiplexer(
            mode: .server, channel: channel, targetWindowSize: 0,
            outboundBufferSizeHighWatermark: self.limits.maxUnsent,
            outboundBufferSizeLowWatermark: self.limits.resumeBelow
        ) { stream in
            bound.value.made = stream
            return stream.eventLoop.makeSucceededVoidFuture()
        }
        let pipeline = channel.pipeline.syncOperations
        guard (try? pipeline.addHandler(multiplexer)) != nil, let context = try? pipeline.context(handler: multiplexer)
        else { return nil }
        self.multiplexer = multiplexer
        self.context = context
        return (multiplexer, context)
    }
}

@available(*, unavailable)
extension HTTP2SocketChannels: Sendable {}
