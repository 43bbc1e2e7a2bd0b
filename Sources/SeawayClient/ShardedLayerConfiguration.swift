public import Logging
public import NIOCore
public import NIOPosix
import SeawayWire

/// Which brokers a layer has, and every bound of it.
public struct ShardedLayerConfiguration: Sendable {
    /// A list of brokers that cannot be used.
    public enum Fault: Error, Hashable, Sendable, CustomStringConvertible {
        case none
        case twice(BrokerAddress)
        case tooMany(limit: Int)
        case failover(Duration)

        public var description: String {
            switch self {
            case .none: "there is no broker"
            case .twice(let address): "\(address) is given twice"
            case .tooMany(let limit): "there are more than \(limit) brokers"
            case .failover(let time): "the failover time is \(time); allowed is 300 ms to 1 hour"
            }
        }
    }

    public var brokers: [BrokerAddress]
    /// Silence after which a broker is taken for dead, 300 ms to an hour.
    public var failover = Duration.seconds(2)
    /// What holds for each connection; its `broker` is of no account. Bounds of what waits count for each connection,
    /// and for what waits for any.
    public var connection: WireLayerConfiguration

    public init(brokers: [BrokerAddress], clientName: String = "seaway") {
        self.brokers = brokers
        self.connection = WireLayerConfiguration(clientName: clientName)
    }

    /// A layer over these brokers: a ``WireLayer`` for one, a ``ShardedLayer`` for several.
    ///
    /// - Throws: ``Fault``; whether brokers are there shows later.
    public func makeLayer(
        eventLoop: any EventLoop = MultiThreadedEventLoopGroup.singleton.any(),
        logger: Logger = Logger(label: "seaway.client")
    ) throws(Fault) -> any ConnectingLayer {
        try self.check()
        guard let first = self.brokers.first, self.brokers.count == 1 else {
            return try ShardedLayer(self, eventLoop: eventLoop, logger: logger)
        }
        var connection = self.connection(to: first)
        // Nobody else sees to that.
        connection.restoresMemberships = true
        return WireLayer(connection, eventLoop: eventLoop, logger: logger)
    }

    /// - Throws: why no layer can be made of it.
    public func check() throws(Fault) {
        guard !self.brokers.isEmpty else { throw .none }
        guard self.brokers.count <= ShardSet.most else { throw .tooMany(limit: ShardSet.most) }
        guard self.failover >= .milliseconds(300), self.failover <= .seconds(3_600) else {
            throw .failover(self.failover)
        }
        var known: Set<BrokerAddress> = []
        for broker in self.brokers where !known.insert(broker).inserted { throw .twice(broker) }
    }

    /// Of the connection to one of the brokers.
    package func connection(to broker: BrokerAddress) -> WireLayerConfiguration {
        var connection = self.connection
        connection.broker = broker
        connection.failover = self.failover
        connection.brokers = self.brokers.count
        // So that a broker that was cut off holds no connections that were given up, once it gets sends again.
        connection.heartbeat = min(
            connection.heartbeat, (self.failover * 2 - .nanoseconds(WireCore.checkInterval.nanoseconds) * 3) / 3)
        connection.connectTimeout = min(connection.connectTimeout, self.failover)
        connection.maxBackoff = min(connection.maxBackoff, self.failover / 2)
        connection.restoresMemberships = false
        return connection
    }
}
