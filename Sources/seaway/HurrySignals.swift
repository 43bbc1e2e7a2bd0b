import Logging
import SeawayLog
import UnixSignals

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// A second signal that asks to leave: ends the process at once, whatever it waits for.
struct HurrySignals {
    private let signals: UnixSignalsSequence
    private let logger: Logger

    init(logger: Logger) async {
        self.signals = await UnixSignalsSequence(trapping: .sigterm, .sigint)
        self.logger = logger
    }

    /// Until the task is cancelled.
    ///
    /// - Parameter last: called before the process ends.
    func obey(_ last: @Sendable () -> Void) async {
        var isLeaving = false
        for await signal in self.signals {
            guard isLeaving else {
                isLeaving = true
                continue
            }
            self.logger.warning("told to leave a second time; ending at once")
            last()
            StandardErrorLog.flush(within: .milliseconds(100))
            // As a shell tells of who was ended by a signal. Nothing else is waited for, so nothing can hold it up.
            _exit(128 + (signal == .sigint ? SIGINT : SIGTERM))
        }
    }
}
