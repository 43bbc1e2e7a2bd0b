import NIOCore
import NIOHTTP1
import NIOPosix
import SeawayServer

/// A server that sends every WebSocket message back: what `.ci/ws-autobahn.sh` tries the wire side with.
///
///     EchoServer PORT [--no-compression]
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
        print("listening on \(port)")
        try await acceptor.closeFuture.get()
    }

    private static func listen(
        on port: Int, _ configuration: WebSocketConfiguration, _ eventLoop: any EventLoop
    ) async throws -> any Channel {
        try await eventLoop.flatSubmit {
            let core = WebSocketCore(
                configuration: configuration, eventLoop: eventLoop, now: Moment(milliseconds: 0))
            let bound = NIOLoopBound(core, eventLoop: eventLoop)
            eventLoop.scheduleRepeatedTask(initialDelay: .milliseconds(250), delay: .milliseconds(250)) { _ in
                let now = Int64(eventLoop.now.uptimeNanoseconds / 1_000_000)
                bound.value.sweep(at: Moment(milliseconds: now))
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
}
