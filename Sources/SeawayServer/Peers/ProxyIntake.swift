import Logging
import NIOCore
import SeawayNIO

/// A connection of a proxy that says first who its client is (protocol/INTERFACE.md, I62 and I63).
///
/// It holds the connection's place until the header is there; then what speaks TLS or HTTP takes it, and the rest of
/// the bytes. What a header is ``ProxyHeader`` says.
final class ProxyIntake: PlaceHolder, RemovableChannelHandler {
    typealias InboundIn = ByteBuffer
    typealias InboundOut = ByteBuffer

    let core: ServerCore
    var place: HeldPlace
    private var bytes = ByteBuffer()
    /// Whether the header has come.
    private var isOver = false
    /// Whether bytes of the client came in the same read as the end of the header.
    private var hasMore = false

    init(core: ServerCore) {
        self.core = core
        self.place = HeldPlace(since: core.now, atMost: core.configuration.proxyHeaderTimeout)
    }

    /// Without a word: whose it would be is not known yet.
    func turnAway(_ context: ChannelHandlerContext) { context.closeAtOnce() }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        guard !self.isOver else {
            self.hasMore = true
            return context.fireChannelRead(data)
        }
        guard self.place.context != nil else { return }
        var more = Self.unwrapInboundIn(data)
        self.bytes.writeBuffer(&more)
        do throws(ProxyHeader.Fault) {
            let bytes = self.bytes
            let step = try ProxyHeader.read(bytes.readableBytesUInt8Span)
            guard case .header(let header, let length) = step else { return }
            self.bytes.moveReaderIndex(forwardBy: length)
            self.goOn(header, context)
        } catch {
            self.core.counters.malformedProxyHeaders += 1
            self.fail("\(error)")
        }
    }

    private func goOn(_ header: ProxyHeader, _ context: ChannelHandlerContext) {
        _ = self.place.take()
        self.isOver = true
        self.core.counters.proxyHeaders += 1
        self.core.giveUpPlace(of: self)
        self.core.note(ConnectionAddresses(header, on: ConnectionAddresses(context.channel)), of: context.channel)
        let channel = context.channel
        do { try channel.addClientHandlers(self.core) } catch { return channel.close(promise: nil) }
        self.hasMore = self.bytes.readableBytes > 0
        if self.hasMore { context.fireChannelRead(Self.wrapInboundOut(self.bytes)) }
        self.bytes = ByteBuffer()
    }

    func channelReadComplete(context: ChannelHandlerContext) {
        guard self.isOver else { return }
        // Of a read that brought nothing for those behind they are not told.
        if self.hasMore { context.fireChannelReadComplete() }
        context.channel.pipeline.syncOperations.removeHandler(context: context, promise: nil)
    }

    private func fail(_ reason: String) {
        guard let context = self.leave() else { return }
        self.core.warn(
            "no PROXY header", ["why": "\(reason)", "peer": "\(context.remoteAddress?.ipAddress ?? "unix")"])
        context.closeAtOnce()
    }

    func channelInactive(context: ChannelHandlerContext) {
        // A check of whether somebody is there, most likely.
        self.leave()
        context.fireChannelInactive()
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        guard !self.isOver else { return context.fireErrorCaught(error) }
        context.close(promise: nil)
    }

    func isLate() {
        self.core.counters.slowProxyHeaders += 1
        self.fail("it did not come in time")
    }
}

@available(*, unavailable)
extension ProxyIntake: Sendable {}
