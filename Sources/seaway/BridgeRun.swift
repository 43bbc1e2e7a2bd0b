import ArgumentParser
import Logging
import NIOCore
import NIOPosix
import SeawayAdmin
import SeawayBridge
import SeawayClient
import SeawayMessage
import ServiceLifecycle
import UnixSignals

/// What all bridges have in common: a connection to the broker, a pump, a tally, and an orderly end.
struct BridgeRun<Command: ParsableCommand & Sendable> {
    /// Carries the connection to the broker, and whatever else the bridge has.
    let eventLoop: any EventLoop
    let layer: any ConnectingLayer
    let pump: Pump
    let tally: BridgeTally
    let logger: Logger
    private let drain: Duration
    private let signals: UnixSignalsSequence
    private let hurry: HurrySignals
    private let admin: AdminServices
    private let command: Command
    private let log: any KeyPath<Command, LogOptions> & Sendable
    private let broker: any KeyPath<Command, BridgeBrokerOptions> & Sendable

    /// - Parameters:
    ///   - name: of the bridge, such as `stdin`.
    ///   - path: where its command has the options of the log, which it takes again at SIGHUP.
    ///   - brokers: where it has those of its broker.
    init(
        _ name: String, of command: Command, _ path: any KeyPath<Command, LogOptions> & Sendable,
        _ brokers: any KeyPath<Command, BridgeBrokerOptions> & Sendable, _ target: BridgeTargetOptions
    ) async throws {
        self.command = command
        self.log = path
        self.broker = brokers
        let broker = command[keyPath: brokers]
        self.signals = await Process.catchSignals()
        let log = command[keyPath: path]
        self.logger = log.logger("seaway.bridge.\(name)")
        self.hurry = await HurrySignals(logger: self.logger)
        self.eventLoop = MultiThreadedEventLoopGroup.singleton.next()
        self.layer = try broker.brokers.makeLayer(
            clientName: "seaway-bridge-\(name)", eventLoop: self.eventLoop, logger: log.logger("seaway.client"))
        self.tally = BridgeTally(logger: self.logger)
        self.pump = Pump(self.layer, target.pump, tally: self.tally)
        self.drain = broker.drain.duration
        self.admin = try await broker.admin.open(.bridge, self.logger) { [tally, layer] loop, site in
            site.metrics = { loop.makeSucceededFuture(tally.metrics) }
            try site.watch(broker.brokers, by: layer, on: loop, log.logger("seaway.admin"))
        }
    }

    /// Runs until a source has nothing more, or the process is told to leave; then everything that was taken is handed
    /// on.
    ///
    /// - Parameters:
    ///   - changeable: options whose files `parts` read again at SIGHUP.
    ///   - whenHurried: called when the process is told to end at once.
    func run(
        _ sources: [any BridgeSource], rereading changeable: Set<String> = [],
        _ parts: [Reloading<Command>.Part] = [], whenHurried: @escaping @Sendable () -> Void = {}
    ) async throws {
        self.layer.start()
        defer { self.tally.logSummary() }
        let work = BridgeWork(sources: sources, pump: self.pump, drain: self.drain, logger: self.logger)
        let last = { @Sendable [tally] in
            whenHurried()
            tally.logSummary()
        }
        let broker = self.broker
        let reloading = Reloading(
            self.command, log: self.log, changeable: changeable.union(AdminOptions.changeable),
            parts + self.admin.parts { $0[keyPath: broker].admin }, self.logger)
        try await withThrowingTaskGroup { tasks in
            tasks.addTask { await self.hurry.obey(last) }
            defer { tasks.cancelAll() }
            // The last is asked to leave first.
            try await Process.run(
                self.admin.first + [BrokerLink(layer: self.layer), work] + self.admin.last, until: self.signals,
                self.logger, reload: reloading.run)
        }
    }
}

/// The connection to the broker, which takes leave of one that hangs without waiting for it.
private struct BrokerLink: Service {
    private static let limit = Duration.seconds(1)

    let layer: any ConnectingLayer

    func run() async throws {
        _ = try await abandoning(after: .zero) {
            try await LayerService(layers: [self.layer]).run()
        } when: {
            try await gracefulShutdown()
            try await Task.sleep(for: Self.limit)
        }
    }
}
