import ArgumentParser
import Logging
import NIOCore
import SeawayAdmin
import SeawayBroker
import SeawayServer
import ServiceLifecycle

/// `seaway up`
struct UpCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "up",
        abstract: "Run a broker and an interface server in one process.",
        discussion: """
            The interface server uses the store itself, which is on its first event loop; workers attach at the broker's
            address.

              seaway up
              seaway up --http 127.0.0.1:8000 --route /python=http.request.python
              seaway up --admin 127.0.0.1:9411               the console at http://127.0.0.1:9411/

            Times are written 500ms, 30s, 5m or 1h; bytes 65536, 64K, 2M or 1G.
            """)

    @OptionGroup(title: "HTTP") var server: ServerOptions
    @OptionGroup(title: "WebSocket") var sockets: SocketOptions
    @OptionGroup var listeners: ListenerOptions
    @OptionGroup(title: "Limits of the broker") var broker: BrokerOptions
    @OptionGroup(title: "Looking at it") var admin: AdminOptions
    @OptionGroup(title: "Durable channels") var durable: DurableOptions
    @OptionGroup(title: "Traces") var traces: TraceOptions
    @OptionGroup(title: "Log") var log: LogOptions
    @OptionGroup(title: "Configuration") var file: ConfigurationOptions

    private var changeable: Set<String> {
        BrokerOptions.changeable.union(ListenerOptions.changeable).union(ServerOptions.changeable)
            .union(AdminOptions.changeable).subtracting(self.durable.fixed)
    }

    func run() async throws { try await self.run { _, _ in [] } }

    /// - Parameter beside: what is to run between the two: called when both listen, with the broker and the loop that
    ///   it is on.
    func run(beside: (Broker, any EventLoop) async throws -> [any Service]) async throws {
        let signals = await Process.catchSignals()
        let group = self.server.makeLoops(sparing: 1)
        let loops = Array(group.makeIterator())
        self.broker.provideDescriptors(
            besides: self.server.maxHttpConnections
                + loops.count * (Descriptors.perLoop + self.server.files.descriptors),
            self.log.logger("seaway.broker"))
        let ofBrokers = self.log.logger("seaway.broker")
        let configuration = try self.listeners.configuration(of: self.broker, self.durable, ofBrokers)
        let broker = try await Process.storing {
            try await Broker.make(configuration: configuration, eventLoop: loops[0], logger: ofBrokers)
        }
        let address = try await self.listeners.open(
            broker, besides: self.server.addresses.addresses, self.log.logger("seaway.broker"))
        let logger = self.log.logger("seaway.server")
        let exporter = self.traces.makeExporter(self.log.logger("seaway.trace"))
        let access = AccessSink(logger)
        let server = InterfaceServer(
            configuration: try self.server.configuration(
                with: self.sockets, logs: self.log.format, traces: self.traces.configuration(of: exporter),
                access: access),
            group: group, layers: loops.map { broker.makeLayer(clientName: "seaway-up", on: $0) }, logger: logger)
        try await self.server.open(server, logger)
        let admin = try await self.admin.open(.up, logger) { loop, site in
            site.metrics = { server.metrics().map { $0 + (exporter?.metrics ?? []) + access.metrics } }
            site.channels = self.server.channels
            site.watch(broker, at: address, on: loop)
        }
        let (drain, grace) = (LiveSetting(self.broker.drain.milliseconds), LiveSetting(self.server.grace.duration))
        let reloading = Reloading(
            self, log: \Self.log, changeable: self.changeable,
            self.listeners.parts(broker, \Self.listeners, \Self.broker, drain)
                + self.server.parts(
                    server, \Self.server, \Self.sockets, grace, logs: self.log.format,
                    traces: self.traces.configuration(of: exporter), access: access)
                + admin.parts { $0.admin }, logger)
        let ofBoth = try await beside(broker, loops[0])
        // The last is asked to leave first: requests under way still find the broker, and who answers them.
        try await Process.run(
            self.traces.services(exporter) + admin.first + [
                BrokerService(broker: broker, drain: drain, logger: self.log.logger("seaway.broker"))
            ] + ofBoth + [
                ServerService(server: server, grace: grace, access: access, logger: logger)
            ] + admin.last, until: signals, logger, reload: reloading.run)
    }
}
