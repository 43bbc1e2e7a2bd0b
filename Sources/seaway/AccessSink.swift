import Logging
import SeawayLog
import SeawayServer
import Synchronization

/// Where lines of the access log go: standard error, or a file, which SIGHUP has opened again.
final class AccessSink: Sendable {
    private struct State {
        var file: LineWriter?
        /// Dropped on the way to files that were given up.
        var dropped = 0
    }

    private let state = Mutex(State())
    private let warnings = Mutex(WarningPace<ContinuousClock.Instant>(pause: .seconds(60)))
    private let logger: Logger

    init(_ logger: Logger) { self.logger = logger }

    /// Never waits.
    func write(_ line: String) {
        if let file = self.state.withLock(\.file) { file.write(line + "\n") } else { StandardErrorLog.write(line) }
    }

    /// From now on lines go there; `nil` for standard error.
    ///
    /// - Parameter limit: bytes of lines that may wait.
    func use(_ target: LineTarget?, limit: Int) {
        self.state.withLock { state in
            if let target {
                if let file = state.file {
                    file.limit(to: limit)
                    file.write(to: target)
                } else {
                    state.file = LineWriter(target, limit: limit) { [weak self] in self?.tell($0) }
                }
            } else if let file = state.file {
                state.dropped += file.dropped
                state.file = nil
            }
        }
    }

    var hasFile: Bool { self.state.withLock { $0.file != nil } }

    /// Waits until what has come is written, but only so long.
    func flush(within patience: Duration) { self.state.withLock(\.file)?.flush(within: patience) }

    /// Lines that are in no file.
    var metrics: [Metric] {
        let dropped = self.state.withLock { $0.dropped + ($0.file?.dropped ?? 0) }
        return [
            Metric(
                "seaway_access_log_lines_dropped_total", "Lines of --access-log-file that could not be written.",
                dropped)
        ]
    }

    /// A disk that is full is told of now and then.
    private func tell(_ lines: Int) {
        let level = self.warnings.withLock { $0.level(at: .now) }
        self.logger.log(level: level, "lines of the access log were dropped", metadata: ["lines": "\(lines)"])
    }
}
