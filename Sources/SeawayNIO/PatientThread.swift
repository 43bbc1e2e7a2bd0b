import NIOPosix
import Synchronization

/// Does work that may wait for a disk, or forever, on a thread of its own, and waits for it only so long.
///
/// One work at a time: while one hangs, others are refused at once, so that no threads gather.
package final class PatientThread<ClockType: Clock<Duration>>: Sendable {
    /// Why there is no result.
    package enum Fault: Error, Hashable, Sendable, CustomStringConvertible {
        /// It may still come to an end; what it would give is dropped then.
        case late(after: Duration)
        /// One that was late has not ended.
        case busy

        package var description: String {
            switch self {
            case .late(let limit): "it was not read within \(limit)"
            case .busy: "what was to be read before is still being read"
            }
        }
    }

    private let pool: NIOThreadPool
    private let limit: Duration
    private let clock: ClockType
    private let isBusy = Atomic<Bool>(false)

    /// - Parameter limit: how long each work is waited for.
    package init(limit: Duration, clock: ClockType) {
        self.limit = limit
        self.clock = clock
        self.pool = NIOThreadPool(numberOfThreads: 1)
    }

    deinit { self.pool.shutdownGracefully { _ in } }

    /// - Throws: a ``Fault``, or what the work throws.
    package func run<Value: Sendable>(_ work: @escaping @Sendable () throws -> Value) async throws -> Value {
        guard !self.isBusy.exchange(true, ordering: .relaxed) else { throw Fault.busy }
        let (results, source) = AsyncStream.makeStream(
            of: Result<Value, any Error>.self, bufferingPolicy: .bufferingOldest(1))
        self.pool.start()
        self.pool.submit { _ in
            let result = Result { try work() }
            self.isBusy.store(false, ordering: .relaxed)
            source.yield(result)
            source.finish()
        }
        let first = await withTaskGroup(of: Result<Value, any Error>?.self) { tasks in
            tasks.addTask { await results.first { _ in true } }
            tasks.addTask {
                try? await self.clock.sleep(for: self.limit)
                return nil
            }
            defer { tasks.cancelAll() }
            return await tasks.next() ?? nil
        }
        guard let first else { throw Fault.late(after: self.limit) }
        return try first.get()
    }
}
