import Logging
import NIOCore
import NIOSSL
import NIOTLS
import SeawayNIO

/// What the server has to do with a connection's TLS: it holds the connection's place until the handshake is over, then
/// what speaks HTTP takes it. After that an end without TLS's own goodbye is an end like any other.
final class SecuredConnection: ChannelInboundHandler, ServerConnection {
    typealias InboundIn = ByteBuffer

    private let core: ServerCore
    private let began: Moment
    /// `nil` before the connection is there and when the handshake is over, well or badly.
    private var context: ChannelHandlerContext?

    init(core: ServerCore) {
        self.core = core
        self.began = core.now
    }

    func handlerAdded(context: ChannelHandlerContext) {
        if context.channel.isActive { self.enter(context) }
    }

    func channelActive(context: ChannelHandlerContext) {
        self.enter(context)
        context.fireChannelActive()
    }

    private func enter(_ context: ChannelHandlerContext) {
        // Without a word: before the handshake there is no way to say one.
        guard self.core.enter(self) else { return context.closeAtOnce() }
        self.context = context
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if case .handshakeCompleted(let agreed)? = event as? TLSUserEvent, self.context.take() != nil {
            self.goOn(context.channel, speaking: agreed)
        }
        context.fireUserInboundEventTriggered(event)
    }

    /// - Parameter agreed: by ALPN.
    private func goOn(_ channel: any Channel, speaking agreed: String?) {
        self.core.counters.tls.handshakes += 1
        do {
            if agreed == "h2" {
                try channel.addHTTP2Handlers(self.core, inPlaceOf: self)
            } else {
                try channel.addHTTPHandlers(self.core, inPlaceOf: self)
            }
        } catch {
            channel.close(promise: nil)
        }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        if case .uncleanShutdown? = error as? NIOSSLError { return }
        guard self.context == nil else { return self.fail(HandshakeFailure(error), "\(error)") }
        context.fireErrorCaught(error)
    }

    func channelInactive(context: ChannelHandlerContext) {
        self.fail(.left)
        // Where nothing has taken the place.
        self.core.leave(self)
        context.fireChannelInactive()
    }

    private func fail(_ failure: HandshakeFailure, _ error: String = "") {
        guard let context = self.context.take() else { return }
        self.core.counters.tls.count(failure)
        self.core.logger.debug(
            "no TLS handshake",
            metadata: [
                "reason": "\(failure.reason)", "client": "\(context.remoteAddress?.ipAddress ?? "?")",
                "error": "\(error)",
            ])
        self.end(context)
    }

    private func end(_ context: ChannelHandlerContext) {
        self.core.leave(self)
        context.closeAtOnce()
    }

    // MARK: What the server sees to

    func sweep(at now: Moment) {
        guard self.began + self.core.configuration.tlsHandshakeTimeout <= now else { return }
        self.fail(.slow)
    }

    /// Nothing was asked yet.
    func drain() { if let context = self.context.take() { self.end(context) } }

    func abort(_ ending: RequestEnd) { self.drain() }
}

@available(*, unavailable)
extension SecuredConnection: Sendable {}
