package import Logging
import SeawayNIO

/// A service that is read by a thread.
package protocol ThreadReader: Sendable {
    /// Such as `postgres`
    var service: String { get }

    /// One connection from its beginning to its end, which is an error, or to the end of `wakeup`.
    ///
    /// Nothing in it may wait without a limit, or without regard for `wakeup`.
    ///
    /// - Parameters:
    ///   - attempt: how many have failed since the last that did not.
    ///   - isReady: to be called when the service gives what it was asked for.
    func read(_ wakeup: Wakeup, attempt: Int, isReady: () -> Void) throws
}

/// Reads a service on a thread of its own, and connects again with growing waits.
package final class ThreadSource: BridgeSource {
    private let reader: any ThreadReader
    private let logger: Logger
    private let thread: SourceThread

    /// - Parameter pump: where the reader puts what comes.
    package init(_ reader: any ThreadReader, pump: Pump, logger: Logger) throws {
        self.reader = reader
        self.logger = logger
        self.thread = try SourceThread(pump: pump)
    }

    package func stop() { self.thread.stop() }

    package func run() async throws { try await self.thread.run { self.work() } }

    private func work() {
        var absence = ServiceAbsence(of: self.reader.service, logger: self.logger)
        let wakeup = self.thread.wakeup
        while !wakeup.isWoken {
            do {
                try self.reader.read(wakeup, attempt: absence.failures) { absence.succeeded() }
            } catch {
                guard !wakeup.isWoken else { return }
                wakeup.sleep(for: absence.failed(PlainWords.of(error)))
            }
        }
    }
}
