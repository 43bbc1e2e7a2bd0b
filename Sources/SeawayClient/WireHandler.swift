import NIOCore
import SeawayWire

/// Cuts a broker's bytes into frames; decides nothing.
final class WireHandler: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer

    private let core: WireCore
    private var parser = FrameParser(limits: WireLimits(maxBody: 67_108_864))
    private var input: ByteBuffer?

    init(core: WireCore) { self.core = core }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        var bytes = self.unwrapInboundIn(data)
        if var input = self.input.take() {
            input.writeBuffer(&bytes)
            bytes = input
        }
        self.core.receivedBytes()
        do throws(StreamError) {
            try self.parse(&bytes)
            if bytes.readableBytes > 0 {
                bytes.discardReadBytes()
                self.input = bytes
            }
        } catch {
            self.core.broke(error)
        }
    }

    private func parse(_ bytes: inout ByteBuffer) throws(StreamError) {
        while true {
            switch try self.parser.step(bytes.readableBytesUInt8Span) {
            case .needMoreBytes: return
            case .frame(let shape):
                self.hand(bytes.readableBytesUInt8Span, shape)
                bytes.moveReaderIndex(forwardBy: shape.length)
            case .tooLarge(let shape): bytes.moveReaderIndex(forwardBy: shape.length)
            case .discard(let count): bytes.moveReaderIndex(forwardBy: count)
            case .discarded: break
            }
        }
    }

    private func hand(_ bytes: Span<UInt8>, _ shape: FrameShape) {
        let frame = ServerFrame(line: bytes.extracting(..<shape.lineLength), hasBody: shape.hasBody)
        self.core.receive(frame, body: bytes.extracting(shape.body))
    }

    func channelWritabilityChanged(context: ChannelHandlerContext) {
        if context.channel.isWritable { self.core.flush() }
        context.fireChannelWritabilityChanged()
    }

    func channelInactive(context: ChannelHandlerContext) {
        // In a turn of its own: a write may be what found it out, and whoever wrote is not done yet.
        let lost = NIOLoopBound((core: self.core, channel: context.channel), eventLoop: context.eventLoop)
        context.eventLoop.execute { lost.value.core.link.lost(lost.value.channel) }
        context.fireChannelInactive()
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        self.core.link.broke(error)
        context.close(promise: nil)
    }
}

@available(*, unavailable)
extension WireHandler: Sendable {}
