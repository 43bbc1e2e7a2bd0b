import Logging
import NIOCore

/// Carries a socket's events to its ``Connection``; decides nothing.
final class ConnectionHandler: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer

    private let core: BrokerCore
    private let logger: Logger
    private var connection: Connection?

    init(core: BrokerCore, logger: Logger) {
        self.core = core
        self.logger = logger
    }

    func channelActive(context: ChannelHandlerContext) {
        guard !self.core.isCrowded(), let transport = NIOTransport(context) else { return context.close(promise: nil) }
        self.connection = self.core.connect(transport)
        context.fireChannelActive()
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        var bytes = self.unwrapInboundIn(data)
        self.connection?.receive(&bytes)
    }

    func channelWritabilityChanged(context: ChannelHandlerContext) {
        if context.channel.isWritable { self.connection?.outputWasTaken() }
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if case ChannelEvent.inputClosed = event { self.connection?.receiveEnd() }
        context.fireUserInboundEventTriggered(event)
    }

    func channelInactive(context: ChannelHandlerContext) {
        self.connection?.receiveClosed()
        self.connection = nil
        context.fireChannelInactive()
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        self.logger.debug("a connection broke", metadata: ["error": "\(error)"])
        context.close(promise: nil)
    }
}

@available(*, unavailable)
extension ConnectionHandler: Sendable {}
