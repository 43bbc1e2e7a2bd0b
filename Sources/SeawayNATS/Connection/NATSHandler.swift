import NIOCore
import NIOTLS

/// Shows a server's bytes to the client; decides nothing.
final class NATSHandler: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer

    private let client: NATSClient
    private let attempt: Int

    init(_ client: NATSClient, _ attempt: Int) {
        self.client = client
        self.attempt = attempt
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        let bytes = self.unwrapInboundIn(data)
        self.client.received(bytes.readableBytesUInt8Span, self.attempt)
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if case .handshakeCompleted? = event as? TLSUserEvent { self.client.secured(self.attempt) }
        context.fireUserInboundEventTriggered(event)
    }

    func channelWritabilityChanged(context: ChannelHandlerContext) {
        if context.channel.isWritable { self.client.canWrite(self.attempt) }
        context.fireChannelWritabilityChanged()
    }

    func channelInactive(context: ChannelHandlerContext) {
        // In a turn of its own: a write may be what found it out, and whoever wrote is not done yet.
        let ended = NIOLoopBound((client: self.client, attempt: self.attempt), eventLoop: context.eventLoop)
        context.eventLoop.execute { ended.value.client.ended(ended.value.attempt) }
        context.fireChannelInactive()
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        self.client.broke(error, self.attempt)
        context.close(promise: nil)
    }
}

@available(*, unavailable)
extension NATSHandler: Sendable {}
