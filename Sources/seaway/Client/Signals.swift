import UnixSignals

/// Being told to stop.
enum Signals {
    /// Works until the work is done, or SIGINT or SIGTERM comes and cancels it.
    static func untilTold(_ work: @escaping @Sendable () async throws -> Void) async throws {
        let signals = await Process.catchSignals()
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await work() }
            group.addTask {
                for await _ in signals { return }
            }
            defer { group.cancelAll() }
            do {
                try await group.next()
            } catch is CancellationError {}
        }
    }
}
