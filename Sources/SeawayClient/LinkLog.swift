import Logging

/// What is logged of the way to a broker: each change once, however often it is tried.
struct LinkLog {
    private enum State { case unknown, connected, lost, away }

    private let broker: BrokerAddress
    private let logger: Logger
    private var state = State.unknown
    private var hasBeenAway = false

    init(_ broker: BrokerAddress, _ logger: Logger) {
        self.broker = broker
        self.logger = logger
    }

    mutating func connected() {
        // A program that prints only what is out of the ordinary tells that it is over, too.
        let level = self.hasBeenAway ? Logger.Level.notice : .info
        self.logger.log(level: level, self.hasBeenAway ? "connected again" : "connected", metadata: self.metadata())
        self.state = .connected
        self.hasBeenAway = false
    }

    mutating func lost() {
        self.logger.warning("connection lost; connecting again", metadata: self.metadata())
        self.state = .lost
        self.hasBeenAway = true
    }

    /// An attempt to connect has come to nothing.
    mutating func away(_ reason: String) {
        let isNew = self.state != .away
        self.logger.log(
            level: isNew ? .warning : .debug,
            isNew ? "the broker is away; trying again and again" : "the broker is still away",
            metadata: self.metadata(reason))
        self.state = .away
        self.hasBeenAway = true
    }

    private func metadata(_ reason: String? = nil) -> Logger.Metadata {
        var metadata: Logger.Metadata = ["broker": "\(self.broker)"]
        if let reason { metadata["reason"] = "\(reason)" }
        return metadata
    }
}
