import InMemoryLogging
import Logging
import SeawayMessage
import SeawayTesting
import SeawayWorker
import ServiceLifecycleTestKit
import TestSupport
import Testing

/// Runs a worker over a fake layer while a test talks to it, then asks it to leave.
///
/// - Parameter notice: on an `InstantClock` every request would take long at once.
func withWorker(
    _ layer: FakeLayer, concurrency: Int = 4, notice: Duration? = nil,
    clock: any Clock<Duration> = InstantClock(), log: InMemoryLogHandler = InMemoryLogHandler(),
    routes: (Worker) -> Void, talk: @escaping @Sendable (GracefulShutdownTestTrigger) async throws -> Void
) async throws {
    let worker = Worker(
        layer: layer, concurrency: concurrency, disconnectNotice: notice, clock: clock,
        logger: Logger(label: "test") { _ in log })
    routes(worker)
    try await testGracefulShutdown { shutdown in
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await worker.run() }
            #expect(try await layer.nextCredit() == concurrency)
            do {
                try await talk(shutdown)
            } catch {
                group.cancelAll()
                throw error
            }
            shutdown.triggerGracefulShutdown()
            try await group.waitForAll()
        }
    }
}

extension InMemoryLogHandler {
    /// One that keeps everything.
    static var whole: InMemoryLogHandler {
        var log = InMemoryLogHandler()
        log.logLevel = .trace
        return log
    }

    /// Level, text and what the line names, by name.
    var lines: [String] {
        self.entries.map { entry in
            let metadata = entry.metadata.sorted { $0.key < $1.key }.map { " \($0.key)=\($0.value)" }
            return "\(entry.level) \(entry.message)" + metadata.joined()
        }
    }

    var errors: [String] { self.lines.filter { $0.hasPrefix("error") } }
}
