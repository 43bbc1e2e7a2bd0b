import Foundation
import NIOCore
import NIOHTTP1
import NIOPosix
import SeawayServer

/// A server that sends every WebSocket message back: what `.ci/conformance.sh` tries the wire side with.
///
///     EchoServer PORT [--no-compression]
///
/// Port 0 picks a free one; the first line of output names it.
@main enum EchoServer {
    static func main() async throws {
        let arguments = CommandLine.arguments.dropFirst()
        guard let port = arguments.first.flatMap(Int.init) else {
            fatalError("usage: EchoServer PORT [--no-compression]")
        }
        var configuration = WebSocketConfiguration()
        // Autobahn's largest message has 16 MiB.
        configuration.maxFrame = 16_777_216
        configuration.maxMessage = 16_777_216
        configuration.maxOverflow = 67_108_864
        configuration.deflate.isEnabled = !arguments.contains("--no-compression")
        let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
        let acceptor = try await self.listen(on: port, configuration, group.next())
        print("listening on \(acceptor.localAddress?.port ?? 0)")
        // At once, although nobody may be at a terminal.
        fflush(nil)
        try await acceptor.closeFuture.get()
    }

    private static func listen(
        on port: Int, _ configuration: WebSocketConfiguration, _ eventLoop: any EventLoop
    ) async throws -> any Channel {
        try await eventLoop.flatSubmit {
            let core = WebSocketCore(configuration: configuration, eventLoop: eventLoop, now: Self.now(eventLoop))
            let bound = NIOLoopBound(core, eventLoop: eventLoop)
            eventLoop.scheduleRepeatedTask(initialDelay: .milliseconds(250), delay: .milliseconds(250)) { _ in
                bound.value.sweep(at: Self.now(eventLoop))
            }
            return ServerBootstrap(group: eventLoop)
                .serverChannelOption(.backlog, value: 1_024)
                .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
                .childChannelOption(.tcpOption(.tcp_nodelay), value: 1)
                .childChannelInitializer { channel in
                    channel.eventLoop.makeCompletedFuture {
                        let decoder = HTTPRequestDecoder(leftOverBytesStrategy: .forwardBytes)
                        try channel.pipeline.syncOperations.addHandler(ByteToMessageHandler(decoder))
                        try channel.pipeline.syncOperations.addHandler(EchoUpgrade(core: bound.value))
                    }
                }
                .bind(host: "127.0.0.1", port: port)
        }.get()
    }

    private static func now(_ eventLoop: any EventLoop) -> Moment {
        Moment(milliseconds: Int64(eventLoop.now.uptimeNanoseconds / 1_000_000))
    }
}
