import UnixSignals

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

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
            group.addTask {
                let (isOver, over) = AsyncStream.makeStream(of: Void.self)
                await withTaskGroup(of: Void.self) { group in
                    group.addTask { await Hangups.outlive { over.finish() } }
                    for await _ in isOver {}
                    group.cancelAll()
                }
            }
            defer { group.cancelAll() }
            do {
                try await group.next()
            } catch is CancellationError {}
        }
    }
}

/// SIGHUP, for commands that have nothing to read again.
enum Hangups {
    /// Says so at each SIGHUP, until the task is cancelled.
    ///
    /// - Parameter stop: called when the terminal that the command prints on is gone: a reader without one would only
    ///   take messages away from others.
    static func outlive(orStop stop: () -> Void) async {
        let printsOnTerminal = isatty(STDOUT_FILENO) == 1
        for await _ in await Process.takeHangups() {
            guard !printsOnTerminal || isatty(STDOUT_FILENO) == 1 else { return stop() }
            Process.say("seaway: SIGHUP: this command has nothing to read again, and goes on")
        }
    }
}
