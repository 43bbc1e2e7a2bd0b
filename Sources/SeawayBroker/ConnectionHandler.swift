import Logging
import NIOCore
import NIOSSL
import NIOTLS
import SeawayNIO

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
        guard self.core.makeRoom(), let transport = NIOTransport(context) else { return context.close(promise: nil) }
        let connection = self.core.connect(transport, awaitsHandshake: transport.isSecured)
        self.connection = connection
        if self.logger.logLevel <= .debug {
            let peer = PeerDescription.metadata(of: context.channel)
            self.logger.debug("connected", metadata: peer.merging(["id": "\(connection.id)"]) { $1 })
        }
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
        switch event {
        case ChannelEvent.inputClosed: self.connection?.receiveEnd()
        case TLSUserEvent.handshakeCompleted: self.connection?.handshakeCompleted()
        default: break
        }
        context.fireUserInboundEventTriggered(event)
    }

    func channelInactive(context: ChannelHandlerContext) {
        self.connection?.receiveClosed()
        self.connection = nil
        context.fireChannelInactive()
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        // An end without close_notify is an end; frames know by themselves whether they are whole.
        if case .uncleanShutdown? = error as? NIOSSLError { return }
        self.connection?.handshakeFailed()
        self.logger.debug("a connection broke", metadata: ["error": "\(PlainWords.of(error))"])
        context.close(promise: nil)
    }
}

@available(*, unavailable)
extension ConnectionHandler: Sendable {}
