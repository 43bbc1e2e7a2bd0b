import ArgumentParser
import Logging
import NIOCore
import SeawayAdmin
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
              seaway serve --route /python=http.request.python --admin 127.0.0.1:9411
              seaway serve --broker a:7411 --broker b:7411 --broker c:7411

            Times are written 500ms, 30s, 5m or 1h; bytes 65536, 64K, 2M or 1G.
            """)

    @OptionGroup(title: "Brokers") var brokers: LayerOptions
    @OptionGroup(title: "HTTP") var server: ServerOptions
    @OptionGroup(title: "WebSocket") var sockets: SocketOptions
    @OptionGroup(title: "Looking at it") var admin: AdminOptions
    @OptionGroup(title: "Traces") var traces: TraceOptions
    @OptionGroup(title: "Log") var log: LogOptions
    @OptionGroup(title: "Configuration") var file: ConfigurationOptions

    func run() async throws {
        let signals = await Process.catchSignals()
        let group = self.server.makeLoops()
        let loops = Array(group.makeIterator())
        let logger = self.log.logger("seaway.server")
        Descriptors.provide(
            for: self.server.maxHttpConnections,
            spare: loops.count * (Descriptors.perLoop + self.brokers.count + self.server.files.descriptors),
            option: "max-http-connections", logger)
        let layers = try loops.enumerated().map { index, loop in
            var logger = self.log.logger("seaway.client")
            if index > 0 { logger[metadataKey: "loop"] = "\(index + 1)" }
            return try self.brokers.makeLayer(clientName: "seaway-serve", eventLoop: loop, logger: logger)
        }
        let exporter = self.traces.makeExporter(self.log.logger("seaway.trace"))
        let access = AccessSink(logger)
        let server = InterfaceServer(
            configuration: try self.server.configuration(
                with: self.sockets, logs: self.log.format, traces: self.traces.configuration(of: exporter),
                access: access),
            group: group, layers: layers,
            logger: logger)
        try await self.server.open(server, logger)
        let admin = try await self.admin.open(.serve, logger) { loop, site in
            site.metrics = { server.metrics().map { $0 + (exporter?.metrics ?? []) + access.metrics } }
            site.channels = self.server.channels
            try site.watch(self.brokers, by: layers[0], on: loop, self.log.logger("seaway.admin"))
        }
        for layer in layers { layer.start() }
        let grace = LiveSetting(self.server.grace.duration)
        let reloading = Reloading(
            self, log: \Self.log, changeable: ServerOptions.changeable.union(AdminOptions.changeable),
            self.server.parts(
                server, \Self.server, \Self.sockets, grace, logs: self.log.format,
                traces: self.traces.configuration(of: exporter), access: access)
                + admin.parts { $0.admin }, logger)
        // The last is asked to leave first: requests under way still find the broker.
        try await Process.run(
            self.traces.services(exporter) + admin.first + [
                LayerService(layers: layers),
                ServerService(server: server, grace: grace, access: access, logger: logger),
            ] + admin.last, until: signals, logger, reload: reloading.run)
    }
}

/// Keeps the connections to brokers until everything that uses it has left.
struct LayerService: Service {
    let layers: [any ConnectingLayer]

    /// - Throws: ``ExitCode/denied`` when there is no use in trying on.
    func run() async throws {
        let isRefused = await self.waitUntilRefused()
        await withTaskGroup { group in
            for layer in self.layers { group.addTask { await layer.shutdown() } }
        }
        if isRefused { throw ExitCode.denied }
    }

    /// - Returns: `false` when the process is to leave.
    private func waitUntilRefused() async -> Bool {
        await cancelWhenGracefulShutdown {
            while self.layers.allSatisfy({ $0.refusal == nil }) {
                do { try await Task.sleep(for: .milliseconds(500)) } catch { return false }
            }
            return true
        }
    }
}
