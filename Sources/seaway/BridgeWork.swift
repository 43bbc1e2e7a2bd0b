import Logging
import SeawayBridge
import ServiceLifecycle

/// The sources and the pump behind them, as one service: so all of them have one time to drain.
struct BridgeWork: Service {
    /// What a program has between SIGTERM and SIGKILL, and a little.
    private static let lastWords = Duration.milliseconds(2_500)

    let sources: [any BridgeSource]
    let pump: Pump
    let drain: Duration
    let logger: Logger

    func run() async throws {
        let leaving = StopSignal()
        let isDone: Void? = try await abandoning(after: Self.lastWords) {
            try await self.work(leaving)
        } when: {
            await withGracefulShutdownHandler {
                await leaving.wait()
            } onGracefulShutdown: {
                leaving.stop()
            }
            for source in self.sources { source.stop() }
            try await Task.sleep(for: self.drain)
        }
        if isDone == nil { self.logger.warning("something does not end; it is left alone") }
    }

    private func work(_ leaving: StopSignal) async throws {
        try await withThrowingTaskGroup { pumping in
            pumping.addTask { await self.pump.run() }
            // Whatever comes of the sources, what they have put in is sent.
            defer { self.pump.close() }
            try await withThrowingTaskGroup { reading in
                for source in self.sources { reading.addTask { try await source.run() } }
                // The first that ends ends the others.
                defer { leaving.stop() }
                try await reading.next()
                leaving.stop()
                try await reading.waitForAll()
            }
            self.pump.close()
            try await pumping.waitForAll()
        }
    }
}
