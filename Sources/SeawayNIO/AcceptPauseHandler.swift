import Logging
import NIOCore

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// Has a listener pause when it cannot take connections, and tells an operator of that and of its end.
///
/// It pauses before the last descriptors are taken (``DescriptorReserve``), and where the system refuses one all the
/// same. NIO's `AcceptBackoffHandler` holds back the next read only; the one that failed stays in force, and the loop
/// tries it again at once.
final class AcceptPauseHandler: ChannelInboundHandler {
    typealias InboundIn = any Channel

    private let logger: Logger
    private let count: () -> Void
    private let reserve = DescriptorReserve()
    private var trouble = AcceptTrouble()
    private var pause: Scheduled<Void>?

    /// - Parameter count: called whenever a connection could not be taken for want of something.
    init(_ logger: Logger, count: @escaping () -> Void) {
        self.logger = logger
        self.count = count
    }

    private static var now: Int { Int(NIODeadline.now().uptimeNanoseconds / 1_000_000) }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        if let error = error as? IOError, AcceptTrouble.isShortage(error.errnoCode) {
            self.runShort(of: error.errnoCode, context.channel)
        }
        context.fireErrorCaught(error)
    }

    /// - Parameter number: the system's word for what there is too little of.
    private func runShort(of number: CInt, _ channel: any Channel) {
        self.count()
        self.beginPause(channel)
        guard self.trouble.failed(at: Self.now) else { return }
        self.logger.error(
            "cannot accept connections; trying again every second",
            metadata: [
                "address": "\(channel.localAddress.map(ListenPlace.text) ?? "?")",
                "reason": "\(PlainWords.of(errno: number)): \(AcceptTrouble.advice(number))",
            ])
    }

    private func beginPause(_ channel: any Channel) {
        guard self.pause == nil, let options = channel.syncOptions else { return }
        // Of a listener that is closed there is nothing to pause.
        try? options.setOption(.autoRead, value: false)
        self.pause = channel.eventLoop.assumeIsolated().scheduleTask(
            in: .milliseconds(Int64(AcceptTrouble.pause))
        ) {
            self.pause = nil
            guard !self.reserve.isAllThatIsLeft else { return self.runShort(of: EMFILE, channel) }
            try? options.setOption(.autoRead, value: true)
        }
    }

    func channelInactive(context: ChannelHandlerContext) {
        self.pause?.cancel()
        self.pause = nil
        context.fireChannelInactive()
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        if let failures = self.trouble.accepted(at: Self.now) {
            self.logger.notice(
                "accepting connections again",
                metadata: [
                    "address": "\(context.channel.localAddress.map(ListenPlace.text) ?? "?")",
                    "failures": "\(failures)",
                ])
        }
        if self.isOfReserve(Self.unwrapInboundIn(data)) { self.runShort(of: EMFILE, context.channel) }
        context.fireChannelRead(data)
    }

    private func isOfReserve(_ connection: any Channel) -> Bool {
        // Of one that another loop carries the number cannot be seen from here.
        guard connection.eventLoop.inEventLoop else { return self.reserve.isAllThatIsLeft }
        let descriptor = try? connection.pipeline.syncOperations.withUnsafeTransportIfAvailable(
            of: NIOBSDSocket.Handle.self
        ) { $0 }
        return (descriptor ?? nil).map(self.reserve.begins(at:)) ?? false
    }
}

@available(*, unavailable)
extension AcceptPauseHandler: Sendable {}
