import Logging
import NIOCore

/// Has a listener pause when it cannot take connections, and tells an operator of that and of its end.
///
/// NIO's `AcceptBackoffHandler` holds back the next read only; the one that failed stays in force, and the loop tries it again at once.
final class AcceptPauseHandler: ChannelInboundHandler {
    typealias InboundIn = any Channel

    private let logger: Logger
    private let count: () -> Void
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
            self.count()
            self.beginPause(context.channel)
            if self.trouble.failed(at: Self.now) {
                self.logger.error(
                    "cannot accept connections; trying again every second",
                    metadata: [
                        "address": "\(context.channel.localAddress.map(ListenPlace.text) ?? "?")",
                        "reason": "\(PlainWords.of(error)): \(AcceptTrouble.advice(error.errnoCode))",
                    ])
            }
        }
        context.fireErrorCaught(error)
    }

    private func beginPause(_ channel: any Channel) {
        guard self.pause == nil, let options = channel.syncOptions else { return }
        // Of a listener that is closed there is nothing to pause.
        try? options.setOption(.autoRead, value: false)
        self.pause = channel.eventLoop.assumeIsolated().scheduleTask(
            in: .milliseconds(Int64(AcceptTrouble.pause))
        ) {
            self.pause = nil
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
        context.fireChannelRead(data)
    }
}

@available(*, unavailable)
extension AcceptPauseHandler: Sendable {}
