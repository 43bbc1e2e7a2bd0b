import Logging
import SeawayMessage
import SeawayWorker
import ServiceLifecycleTestKit
import Testing

/// Runs a worker over a scripted layer while a test talks to it, then asks it to leave.
func withWorker(
    _ layer: ScriptedLayer, concurrency: Int = 4, clock: InstantClock = InstantClock(),
    routes: (Worker) -> Void, talk: @escaping @Sendable (GracefulShutdownTestTrigger) async throws -> Void
) async throws {
    let worker = Worker(
        layer: layer, concurrency: concurrency, clock: clock,
        logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
    routes(worker)
    try await testGracefulShutdown { shutdown in
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await worker.run() }
            #expect(await layer.nextCredit() == concurrency)
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

extension ScriptedLayer.Sent {
    var status: Int64? { self.message["status"]?.int }
    var content: String? { self.message["content"]?.bytes.map { String(decoding: $0, as: UTF8.self) } }
    func header(_ name: String) -> String? {
        self.message["headers"]?.list?.first { $0.list?.first?.string == name }?.list?.last?.string
    }
}
