import Logging
package import SeawayBroker
package import SeawayClient
package import SeawayMessage

/// What lies between a layer and its broker.
package enum LayerKind: CaseIterable, Sendable {
    case inProcess
    /// In the broker's process, on an event loop of its own.
    case ownLoop
    case tcp, tls, unix
}

/// A broker, and layers on it of one kind; both end with the body of ``run(_:hasManualTime:_:_:)``.
package final class LayerHouse {
    package private(set) var broker: RunningBroker
    private let kind: LayerKind
    private let configuration: BrokerConfiguration
    private let tls: ClientTLS?
    private let hasManualTime: Bool
    private var wires: [WireLayer] = []

    private init(
        _ kind: LayerKind, _ configuration: BrokerConfiguration, _ hasManualTime: Bool, _ broker: RunningBroker
    ) throws {
        self.tls = kind == .tls ? try TestIdentity.client() : nil
        self.kind = kind
        self.configuration = configuration
        self.hasManualTime = hasManualTime
        self.broker = broker
    }

    /// - Parameter hasManualTime: the broker's time passes only by ``RunningBroker/advance(by:)``.
    ///   A layer's own time is always real.
    package static func run(
        _ kind: LayerKind, hasManualTime: Bool = true,
        _ configure: (inout BrokerConfiguration) -> Void = { _ in }, _ body: (LayerHouse) async throws -> Void
    ) async throws {
        var configuration = BrokerConfiguration()
        configure(&configuration)
        let place: RunningBroker.Place =
            switch kind {
            case .inProcess, .ownLoop, .tcp: .tcp
            case .tls: .tls
            case .unix: .unix
            }
        let broker = try await RunningBroker.start(configuration, at: place.free, hasManualTime: hasManualTime)
        let house = try LayerHouse(kind, configuration, hasManualTime, broker)
        do {
            try await body(house)
        } catch {
            try await house.end()
            throw error
        }
        try await house.end()
    }

    private func end() async throws {
        for wire in self.wires { await wire.shutdown() }
        try await self.broker.kill()
    }

    /// A layer as one process has it; the broker need not be in reach.
    package func layer() -> any ChannelLayer {
        switch self.kind {
        case .inProcess: return self.broker.broker.makeLayer(clientName: "tested")
        case .ownLoop: return self.broker.broker.makeLayer(clientName: "tested", on: self.broker.anotherLoop)
        case .tcp, .tls, .unix: break
        }
        var configuration = WireLayerConfiguration(broker: self.broker.clientAddress, clientName: "tested")
        configuration.firstBackoff = .milliseconds(10)
        configuration.tls = self.tls
        // Hundreds of tests share the processor.
        configuration.connectPatience = .seconds(60)
        let layer = WireLayer(configuration, logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
        layer.start()
        self.wires.append(layer)
        return layer
    }

    /// Kills the broker, and begins another at the same address: it knows nothing of the first.
    package func restart() async throws {
        let address = self.broker.address
        try await self.broker.kill()
        self.broker = try await RunningBroker.start(
            self.configuration, at: address, hasManualTime: self.hasManualTime)
    }
}

extension RunningBroker {
    /// Where clients find it.
    package var clientAddress: BrokerAddress {
        switch self.address {
        case .tcp(let host, let port): BrokerAddress(target: .tcp(host: host, port: port))
        case .tls(let host, let port): BrokerAddress(target: .tls(host: host, port: port))
        case .unix(let path): BrokerAddress(target: .unix(path: path))
        case .handedOver: preconditionFailure("it is known by the address that its socket has")
        }
    }
}
