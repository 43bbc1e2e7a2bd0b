import Dispatch
import NIOPosix

/// A thread for calls that hold it, such as those of a C library.
///
/// A task that is cancelled stops waiting for the thread at once: a call that hangs (a look-up of a name, a disk, a
/// pipe) holds the thread, and nobody else.
final class ServiceThread: Sendable {
    // Not the threads that all share: there may be one only, and a source holds its own for good.
    private let pool = NIOThreadPool(numberOfThreads: 1)

    init() { self.pool.start() }

    deinit { self.pool.shutdownGracefully(queue: .global()) { _ in } }

    /// - Throws: what the work throws; `CancellationError` when nobody waits for it any more.
    func run<Value: Sendable>(_ work: @escaping @Sendable () throws -> Value) async throws -> Value {
        let answer = OneAnswer<Result<Value, any Error>>()
        self.pool.submit { state in
            guard state == .active else { return answer.give(.failure(CancellationError())) }
            answer.give(Result { try work() })
        }
        return try await answer.wait().get()
    }
}
