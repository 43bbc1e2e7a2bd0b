package import Logging

/// Sends what PostgreSQL notifies of.
package struct PostgresReader: ThreadReader {
    package let service = "postgres"
    private let address: PostgresAddress
    private let channels: [String]
    private let intake: SourceIntake
    private let logger: Logger

    /// - Parameter channels: of `NOTIFY`, exactly as they are named there.
    package init(_ address: PostgresAddress, channels: [String], intake: SourceIntake, logger: Logger) {
        self.address = address
        self.channels = channels
        self.intake = intake
        self.logger = logger
    }

    package func read(_ wakeup: Wakeup, attempt: Int, isReady: () -> Void) throws {
        let connection = try PostgresConnection(self.address, attempt: attempt, wakeup)
        for channel in self.channels { try connection.listen(to: channel) }
        isReady()
        self.logger.info("reading from postgres", metadata: ["channels": "\(self.channels)"])
        let quiet = self.address.limits.quiet.milliseconds
        while true {
            switch wakeup.wait(for: connection.descriptor, milliseconds: quiet) {
            case .woken: return
            case .timedOut: try connection.check()
            case .ready: break
            }
            for notification in try connection.notifications() {
                guard self.intake.putBlocking(notification.payload, from: notification.channel) else { return }
            }
        }
    }
}
