import Logging
import SeawayWire

/// Keeps up a connection to a service: connects, works, and connects again with growing waits; says once when it is away, and when it is back.
struct ServiceLink: Sendable {
    /// Such as `redis 127.0.0.1:6379`
    let service: String
    let logger: Logger

    /// Works until the task is cancelled.
    ///
    /// - Parameter connection: one connection from its beginning to its end, which is an error or just an end; it calls its argument when
    ///   the service has taken it.
    func keep(_ connection: (_ isReady: @escaping () -> Void) async throws -> Void) async {
        var backoff = ClientBackoff(first: .milliseconds(50), most: .seconds(5))
        var isAway = false
        while !Task.isCancelled {
            var reason = "it has closed the connection"
            var wasReady = false
            do {
                try await connection { wasReady = true }
            } catch {
                reason = "\(error)"
            }
            if Task.isCancelled { return }
            if wasReady {
                backoff.reset()
                isAway = false
            }
            if !isAway {
                self.logger.warning(
                    "\(self.service) is away; trying again and again", metadata: ["reason": "\(reason)"])
                isAway = true
            }
            try? await Task.sleep(for: backoff.next(jitter: .random(in: 0...1)))
        }
    }
}
