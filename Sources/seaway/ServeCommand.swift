import ArgumentParser
import Logging
import NIOPosix
import SeawayClient
import SeawayServer
import ServiceLifecycle

/// `seaway serve`
struct ServeCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "serve",
        abstract: "Turn HTTP and WebSocket into messages on the channels of one broker or several.",
        discussion: """
            Does no work of its own: requests go to http.request, WebSockets to websocket.connect, answers come from workers. Without a broker in reach \
            requests are answered with 503.

              seaway serve --broker 127.0.0.1:7411 --http 127.0.0.1:8000
              seaway serve --route /python=http.request.python --metrics 127.0.0.1:9411
              seaway serve --broker a:7411 --broker b:7411 --broker c:7411

            Times are written 500ms, 30s, 5m or 1h; bytes 65536, 64K, 2M or 1G.
            """)

    @OptionGroup(title: "Brokers") var brokers: LayerOptions
    @OptionGroup(title: "HTTP") var server: ServerOptions
    @OptionGroup(title: "WebSocket") var sockets: SocketOptions
    @OptionGroup(title: "Metrics") var metrics: MetricsOptions
    @OptionGroup(title: "Log") var log: LogOptions

    func run() async throws {
        let signals = await Process.catchSignals()
        let eventLoop = MultiThreadedEventLoopGroup.singleton.next()
        let logger = self.log.logger("seaway.server")
        Descriptors.provide(for: self.server.maxHttpConnections, option: "max-http-connections", logger)
        let layer = try self.brokers.makeLayer(
            clientName: "seaway-serve", eventLoop: eventLoop, logger: self.log.logger("seaway.client"))
        let server = InterfaceServer(
            configuration: try self.server.configuration(with: self.sockets), layer: layer, eventLoop: eventLoop,
            logger: logger)
        try await self.server.open(server, logger)
        let metrics = try await self.metrics.open(eventLoop, logger) { server.metrics }
        layer.start()
        // The last is asked to leave first: requests under way still find the broker.
        try await Process.run(
            metrics + [
                LayerService(layer: layer),
                ServerService(server: server, grace: .milliseconds(self.server.grace.milliseconds), logger: logger),
            ], until: signals, logger, reload: self.server.reloading(server, logger).run)
    }
}

/// Keeps the connections to brokers until everything that uses it has left.
struct LayerService: Service {
    let layer: any ConnectingLayer

    /// - Throws: ``ExitCode/denied`` when there is no use in trying on.
    func run() async throws {
        let isRefused = await self.waitUntilRefused()
        await self.layer.shutdown()
        if isRefused { throw ExitCode.denied }
    }

    /// - Returns: `false` when the process is to leave.
    private func waitUntilRefused() async -> Bool {
        await cancelWhenGracefulShutdown {
            while self.layer.refusal == nil {
                do { try await Task.sleep(for: .milliseconds(500)) } catch { return false }
            }
            return true
        }
    }
}
