import ArgumentParser
import Logging
import NIOCore
import NIOPosix
import SeawayBridge
import SeawayClient
import SeawayMessage
import ServiceLifecycle
import UnixSignals

/// What all bridges have in common: a connection to the broker, a pump, a tally, and an orderly end.
struct BridgeRun {
    /// Carries the connection to the broker, and whatever else the bridge has.
    let eventLoop: any EventLoop
    let layer: any ConnectingLayer
    let pump: Pump
    let tally: BridgeTally
    let logger: Logger
    private let drain: Duration
    private let signals: UnixSignalsSequence
    private let metrics: [any Service]

    /// - Parameter name: of the bridge, such as `stdin`.
    init(
        _ name: String, _ broker: BridgeBrokerOptions, _ target: BridgeTargetOptions, _ log: LogOptions
    ) async throws {
        self.signals = await Process.catchSignals()
        self.logger = log.logger("seaway.bridge.\(name)")
        self.eventLoop = MultiThreadedEventLoopGroup.singleton.next()
        self.layer = try broker.brokers.makeLayer(
            clientName: "seaway-bridge-\(name)", eventLoop: self.eventLoop, logger: log.logger("seaway.client"))
        self.tally = BridgeTally(logger: self.logger)
        self.pump = Pump(self.layer, target.pump, tally: self.tally)
        self.drain = broker.drain.duration
        self.metrics = try await broker.metrics.open(self.eventLoop, self.logger) { [tally] in tally.metrics }
    }

    /// Runs until a source has nothing more, or the process is told to leave; then everything that was taken is handed on.
    func run(_ sources: [any BridgeSource]) async throws {
        self.layer.start()
        defer { self.tally.logSummary() }
        // The last is asked to leave first.
        try await Process.run(
            self.metrics + [
                LayerService(layer: self.layer),
                PumpService(pump: self.pump, drain: self.drain),
            ] + sources.map { SourceService(source: $0, drain: self.drain) }, until: self.signals, self.logger)
    }
}

/// Sends until everything that was taken is sent, or the time to drain is over.
private struct PumpService: Service {
    let pump: Pump
    let drain: Duration

    func run() async throws {
        try await limited(self.drain) {
            await self.pump.run()
            // A source that was told to stop has closed the pump; a service that ends before it is told to would be a failure.
            try await gracefulShutdown()
        } whenLeaving: {
            self.pump.close()
        }
    }
}

/// Runs a source until it has nothing more or is told to stop, and a little longer.
private struct SourceService: Service {
    let source: any BridgeSource
    let drain: Duration

    func run() async throws {
        try await limited(self.drain) {
            try await self.source.run()
        } whenLeaving: {
            self.source.stop()
        }
    }
}

/// Runs something until it ends; once the process leaves, for a limited time.
private func limited(
    _ limit: Duration, _ work: @escaping @Sendable () async throws -> Void,
    whenLeaving: @escaping @Sendable () -> Void
) async throws {
    try await withThrowingTaskGroup { group in
        group.addTask { try await work() }
        group.addTask {
            try await gracefulShutdown()
            whenLeaving()
            try await Task.sleep(for: limit)
        }
        defer { group.cancelAll() }
        try await group.next()
    }
}
