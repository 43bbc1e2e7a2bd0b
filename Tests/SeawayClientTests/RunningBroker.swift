import Logging
import NIOCore
import NIOPosix
import SeawayBroker
import SeawayClient
import SeawayHub
import SeawayMessage

/// A broker on a port of its own.
actor RunningBroker {
    /// Which layer a client uses.
    enum Kind: CaseIterable { case wire, inProcess }

    private let configuration: BrokerConfiguration
    private var broker: Broker
    nonisolated let address: BrokerAddress

    init(grace: Int = 60_000, maxWatches: Int = 10_000) async throws {
        var configuration = BrokerConfiguration()
        configuration.hub.mailboxGrace = grace
        configuration.hub.maxWatches = maxWatches
        self.configuration = configuration
        let broker = try await Self.make(configuration)
        self.broker = broker
        guard case .tcp(let host, let port) = try await broker.listen(on: .tcp(host: "127.0.0.1", port: 0)) else {
            throw NotTCP()
        }
        self.address = BrokerAddress(target: .tcp(host: host, port: port))
    }

    private struct NotTCP: Error {}

    private static func make(_ configuration: BrokerConfiguration) async throws -> Broker {
        try await Broker.make(
            configuration: configuration, eventLoop: MultiThreadedEventLoopGroup.singleton.any(),
            logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
    }

    func layer(_ kind: Kind) async throws -> any ChannelLayer {
        guard kind == .wire else { return self.broker.makeLayer(clientName: "test") }
        var configuration = WireLayerConfiguration(broker: self.address)
        configuration.firstBackoff = .milliseconds(10)
        // Hundreds of tests share the processor.
        configuration.connectPatience = .seconds(60)
        let layer = WireLayer(configuration, logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
        layer.start()
        return layer
    }

    /// A client of bytes, which takes leave of nobody.
    func connect(_ text: String) async throws -> any Channel {
        guard case .tcp(let host, let port) = self.address.target else { throw NotTCP() }
        let bootstrap = ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
        let channel = try await bootstrap.connect(host: host, port: port).get()
        try await channel.writeAndFlush(ByteBuffer(string: text))
        return channel
    }

    /// Ends it and begins another at the same port.
    func restart() async throws {
        try await self.broker.shutDown(within: 0)
        self.broker = try await Self.make(self.configuration)
        if case .tcp(let host, let port) = self.address.target {
            _ = try await self.broker.listen(on: .tcp(host: host, port: port))
        }
    }

    func end(_ layer: any ChannelLayer) async {
        if let layer = layer as? WireLayer { await layer.shutdown() }
        try? await self.broker.shutDown(within: 0)
    }
}
