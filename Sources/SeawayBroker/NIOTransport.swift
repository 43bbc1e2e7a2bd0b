import NIOCore

/// A connection's bytes over a SwiftNIO channel.
final class NIOTransport: Transport {
    private let context: ChannelHandlerContext
    private let options: any NIOSynchronousChannelOptions

    init?(_ context: ChannelHandlerContext) {
        guard let options = context.channel.syncOptions else { return nil }
        self.context = context
        self.options = options
    }

    func write(_ bytes: ByteBuffer) {
        self.context.writeAndFlush(NIOAny(bytes), promise: nil)
    }

    /// Exact once it is over NIO's low water mark; what is below has room in the kernel soon.
    var unsent: Int {
        guard !self.context.channel.isWritable else { return 0 }
        return (try? self.options.getOption(.bufferedWritableBytes)) ?? 0
    }

    func endOutput() { self.context.close(mode: .output, promise: nil) }

    func close() { self.context.close(promise: nil) }

    func setReading(_ isReading: Bool) {
        try? self.options.setOption(.autoRead, value: isReading)
        if isReading { self.context.read() }
    }
}
