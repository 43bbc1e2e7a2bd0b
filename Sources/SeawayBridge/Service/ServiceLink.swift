import Logging
import SeawayNIO

/// Keeps up a connection to a service: connects, works, and connects again with growing waits.
struct ServiceLink: Sendable {
    /// Such as `redis 127.0.0.1:6379`
    let service: String
    let logger: Logger

    /// Works until the task is cancelled.
    ///
    /// - Parameter connection: one connection from its beginning to its end, which is an error or just an end; it calls
    ///   its argument when the service has taken it.
    func keep(_ connection: (_ isReady: () -> Void) async throws -> Void) async {
        var absence = ServiceAbsence(of: self.service, logger: self.logger)
        while !Task.isCancelled {
            var reason = "it has closed the connection"
            do {
                try await connection { absence.succeeded() }
            } catch {
                reason = PlainWords.of(error)
            }
            if Task.isCancelled { return }
            try? await Task.sleep(for: absence.failed(reason))
        }
    }
}
