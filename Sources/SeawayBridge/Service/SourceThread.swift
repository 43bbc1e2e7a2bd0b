/// The thread of a source that fills a pump, until it is stopped.
final class SourceThread: Sendable {
    /// Ends what the work waits for.
    let wakeup: Wakeup
    private let pump: Pump
    private let thread = ServiceThread()

    init(pump: Pump) throws {
        self.pump = pump
        self.wakeup = try Wakeup()
    }

    func stop() {
        self.wakeup.wake()
        // Frees a thread that waits for room.
        self.pump.close()
    }

    /// Stops the work when the task is cancelled.
    func run(_ work: @escaping @Sendable () throws -> Void) async throws {
        try await withTaskCancellationHandler {
            try await self.thread.run(work)
        } onCancel: {
            self.stop()
        }
    }
}
