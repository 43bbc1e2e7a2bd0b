import NIOCore
import NIOSSL
import SeawayNIO

/// A connection's bytes over a SwiftNIO channel.
final class NIOTransport: Transport {
    private let context: ChannelHandlerContext
    private let options: any NIOSynchronousChannelOptions

    init?(_ context: ChannelHandlerContext) {
        guard let options = context.channel.syncOptions else { return nil }
        self.context = context
        self.options = options
    }

    func write(_ parts: [ByteBuffer], _ last: ByteBuffer) {
        // All before the flush, within which the channel may say that it takes more.
        for part in parts { self.context.write(NIOAny(part), promise: nil) }
        self.context.writeAndFlush(NIOAny(last), promise: nil)
    }

    /// What is below NIO's low water mark has room in the kernel soon.
    var takesMore: Bool { self.context.channel.isWritable }

    var unsent: Int { (try? self.options.getOption(.bufferedWritableBytes)) ?? 0 }

    func endOutput() {
        // When the peer has ended its side too, NIO closes at once and drops what is not written yet.
        let context = self.context
        let written = context.eventLoop.makePromise(of: Void.self)
        context.writeAndFlush(NIOAny(ByteBuffer()), promise: written)
        written.futureResult.assumeIsolated().whenSuccess { context.close(mode: .output, promise: nil) }
    }

    var host: String { self.context.remoteAddress?.ipAddress ?? "unix" }

    var address: String? { self.context.remoteAddress.map { $0.port == nil ? "unix" : ListenPlace.text($0) } }

    // Looked up, since each connection would pay for keeping it.
    private var tls: ChannelHandlerContext? {
        try? self.context.pipeline.syncOperations.context(handlerType: NIOSSLServerHandler.self)
    }

    var isSecured: Bool { self.tls != nil }

    /// Below TLS, where a connection can be dropped without asking its peer.
    func close() { (self.tls ?? self.context).close(promise: nil) }

    func setReading(_ isReading: Bool) {
        try? self.options.setOption(.autoRead, value: isReading)
        if isReading { self.context.read() }
    }
}
