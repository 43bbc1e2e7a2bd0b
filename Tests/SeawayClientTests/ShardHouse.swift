import BrokerSupport
import Logging
import SeawayBroker
import SeawayClient
import SeawayMessage
import SeawayWire
import Synchronization

/// Three brokers named `b0` to `b2`, which die, hang and come back, and clients of all of them.
actor ShardHouse {
    private let warm: Int
    private var brokers: [RunningBroker] = []
    private var isDead: [Bool] = []
    private var layers: [ShardedLayer] = []
    private var others: [any ConnectingLayer] = []

    private init(warm: Int) { self.warm = warm }

    static func run(
        _ count: Int = 3, warm: Int = 0, _ body: (ShardHouse) async throws -> Void
    ) async throws {
        let house = ShardHouse(warm: warm)
        do {
            for number in 0..<count { try await house.begin(number) }
            try await body(house)
        } catch {
            try? await house.end()
            throw error
        }
        try await house.end()
    }

    private func end() async throws {
        for layer in self.layers { await layer.shutdown() }
        for layer in self.others { await layer.shutdown() }
        for (broker, isDead) in zip(self.brokers, self.isDead) where !isDead { try await broker.kill() }
    }

    // MARK: Brokers

    private func configuration(_ number: Int) -> BrokerConfiguration {
        var configuration = BrokerConfiguration()
        configuration.name = "b\(number)"
        configuration.warm = self.warm
        return configuration
    }

    private func begin(_ number: Int) async throws {
        self.brokers.append(try await RunningBroker.start(self.configuration(number)))
        self.isDead.append(false)
    }

    func kill(_ number: Int) async throws {
        self.isDead[number] = true
        try await self.brokers[number].kill()
    }

    /// Begins it again, at the same address and with nothing.
    func restart(_ number: Int) async throws {
        self.brokers[number] = try await RunningBroker.start(
            self.configuration(number), at: self.brokers[number].address)
        self.isDead[number] = false
    }

    func broker(_ number: Int) -> RunningBroker { self.brokers[number] }

    /// The broker that is first for a name, of some.
    nonisolated func first(for name: String, among brokers: [Int] = [0, 1, 2]) -> Int {
        let key = Rendezvous.Hashes(name).key
        let scores = brokers.map { Rendezvous.score(key: key, identity: Rendezvous.hash("b\($0)")) }
        return zip(scores, brokers).max { $0.0 < $1.0 }?.1 ?? 0
    }

    // MARK: Clients

    /// A client that has reached all brokers.
    ///
    /// - Parameter failover: long, so that a busy machine takes no broker for dead; to be short where one is.
    func layer(_ addresses: [BrokerAddress] = [], failover: Duration = .seconds(10)) async throws -> ShardedLayer {
        var configuration = ShardedLayerConfiguration(
            brokers: self.brokers.map { BrokerAddress("\($0.address)") ?? .local } + addresses)
        configuration.failover = failover
        configuration.connection.connectPatience = .seconds(1)
        configuration.connection.firstBackoff = .milliseconds(5)
        configuration.connection.maxBackoff = .milliseconds(50)
        let layer = try ShardedLayer(configuration, logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
        self.layers.append(layer)
        layer.start()
        try await self.wait { layer.liveBrokers == self.isDead.count { !$0 } }
        return layer
    }

    /// What ``ShardedLayerConfiguration`` makes of all brokers, also of one.
    func anyLayer(failover: Duration) async throws -> any ConnectingLayer {
        var configuration = ShardedLayerConfiguration(
            brokers: self.brokers.map { BrokerAddress("\($0.address)") ?? .local })
        configuration.failover = failover
        configuration.connection.firstBackoff = .milliseconds(5)
        let layer = try configuration.makeLayer(logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
        self.others.append(layer)
        layer.start()
        try await self.wait {
            guard let sharded = layer as? ShardedLayer else { return layer.isConnected }
            return sharded.liveBrokers == self.brokers.count
        }
        return layer
    }

    /// Looks again and again, as fast as a socket is made; the test's limit of time ends it.
    func wait(until isTrue: () async throws -> Bool) async throws {
        guard let alive = self.isDead.firstIndex(of: false) else { return }
        while try await !isTrue() {
            try Task.checkCancellation()
            await RawSocket.roundTrip(to: self.brokers[alive].address)
        }
    }

    /// What a broker says to one request with a body in its answer.
    func ask(_ number: Int, _ request: String) async throws -> String {
        let socket = try await RawSocket.connect(to: self.brokers[number].address)
        try await socket.send("\(request)\n")
        _ = try await socket.line()
        let body = try await socket.line()
        await socket.close()
        return body
    }
}

extension ChannelLayer {
    /// Closes channels, and waits until that is done.
    func closing(_ channels: [String]) async {
        await withCheckedContinuation { continuation in self.close(channels) { continuation.resume() } }
    }
}

extension RawSocket {
    /// One request and its answer, over a new connection.
    static func roundTrip(to address: Broker.Address) async {
        guard let socket = try? await RawSocket.connect(to: address) else { return }
        try? await socket.send("PING\n")
        _ = try? await socket.line()
        await socket.close()
    }
}

/// What comes to one listening, in order.
final class ShardReader: Sendable {
    private let came = Mutex<[Int64]>([])
    private let events = Mutex<[ListeningEvent]>([])
    private let stopped = Mutex(false)
    private let handle: Mutex<(any Listening)?> = Mutex(nil)

    init(_ layer: any ChannelLayer, _ names: String..., credit: Int = 1_000) {
        let listening = layer.listen(
            to: names,
            receive: { [weak self] delivery in
                guard let number = (try? Message(delivery.body))?["n"]?.int else { return }
                for _ in delivery.channels { self?.came.withLock { $0.append(number) } }
            },
            event: { [weak self] event in self?.events.withLock { $0.append(event) } })
        listening.ready(credit)
        self.handle.withLock { $0 = listening }
    }

    var numbers: [Int64] { self.came.withLock { $0 } }
    var told: [ListeningEvent] { self.events.withLock { $0 } }
    var hasStopped: Bool { self.stopped.withLock { $0 } }

    func ready(_ count: Int) { self.handle.withLock { $0 }?.ready(count) }

    func stop() {
        self.handle.withLock { $0 }?.stop { [weak self] in self?.stopped.withLock { $0 = true } }
    }
}
