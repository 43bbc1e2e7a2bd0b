import Logging
import NIOCore
import NIOSSL
import NIOTLS
import SeawayNIO

/// What the server has to do with a connection's TLS: it holds the connection's place until the handshake is over, then
/// what speaks HTTP takes it. After that an end without TLS's own goodbye is an end like any other.
final class SecuredConnection: PlaceHolder {
    typealias InboundIn = ByteBuffer

    let core: ServerCore
    var place: HeldPlace

    init(core: ServerCore) {
        self.core = core
        self.place = HeldPlace(since: core.now, atMost: core.configuration.tlsHandshakeTimeout)
    }

    /// Without a word: before the handshake there is no way to say one.
    func turnAway(_ context: ChannelHandlerContext) { context.closeAtOnce() }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if case .handshakeCompleted(let agreed)? = event as? TLSUserEvent, self.place.take() != nil {
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
        guard self.place.context == nil else { return self.fail(HandshakeFailure(error), "\(error)") }
        context.fireErrorCaught(error)
    }

    func channelInactive(context: ChannelHandlerContext) {
        self.fail(.left)
        // Where nothing has taken the place.
        self.core.leave(self)
        context.fireChannelInactive()
    }

    private func fail(_ failure: HandshakeFailure, _ error: String = "") {
        guard let context = self.leave() else { return }
        self.core.counters.tls.count(failure)
        self.core.logger.debug(
            "no TLS handshake",
            metadata: [
                "reason": "\(failure.reason)", "client": "\(context.remoteAddress?.ipAddress ?? "?")",
                "error": "\(error)",
            ])
        context.closeAtOnce()
    }

    func isLate() { self.fail(.slow) }
}

@available(*, unavailable)
extension SecuredConnection: Sendable {}
