import Logging
import SeawayMessage
import Synchronization

/// What a worker says of its own course; whether a broker is in reach is said by its layer.
final class WorkerLog: Sendable {
    private struct State {
        var hasStarted = false
        var isLeaving = false
    }

    private let logger: Logger
    private let channels: Logger.MetadataValue
    private let state = Mutex(State())

    init(_ channels: [String], _ logger: Logger) {
        self.logger = logger
        self.channels = "\(channels.joined(separator: " "))"
    }

    func say(_ event: ListeningEvent) {
        switch event {
        case .started:
            let isFirst = self.state.withLock { state in
                defer { state.hasStarted = true }
                return !state.hasStarted
            }
            self.logger.log(level: isFirst ? .info : .debug, "listening", metadata: ["channels": self.channels])
        case .weakened, .forsaken: break
        case .interrupted:
            self.logger.debug("listening was interrupted", metadata: ["channels": self.channels])
        case .lost(let name):
            self.logger.error(
                "another reader has taken a channel over: the worker ends", metadata: ["channel": "\(name)"])
        case .refused(let refusal):
            self.logger.error(
                "listening is refused: the worker ends",
                metadata: ["channels": self.channels, "reason": "\(refusal)"])
        }
    }

    /// Once, however often it is asked to leave.
    func sayLeaving(underWay: Int) {
        let isFirst = self.state.withLock { state in
            defer { state.isLeaving = true }
            return !state.isLeaving
        }
        guard isFirst else { return }
        self.logger.info("leaving: takes no more and finishes what it has", metadata: ["under-way": "\(underWay)"])
    }

    func sayLeft() { self.logger.info("all work is done") }
}
