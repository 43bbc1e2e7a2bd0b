/// What was found out of NATS servers that are to keep durable channels, and what is wanted of them.
package struct StoreFacts: Sendable {
    package struct Server: Sendable {
        package var address: NATSAddress
        /// What it says of itself, or why it could not be asked.
        package var answer: Result<NATSServerInfo, Reason>

        package init(address: NATSAddress, answer: Result<NATSServerInfo, Reason>) {
            self.address = address
            self.answer = answer
        }
    }

    /// In words.
    package struct Reason: Error, Hashable, Sendable {
        package var text: String
        package init(_ text: String) { self.text = text }
    }

    /// A durable pattern with its stream.
    package struct Durable: Sendable {
        package var pattern: String
        package var stream: String
        /// `nil`: there is none yet.
        package var info: StreamInfo?
        /// Other streams that take messages of its subjects.
        package var others: [String] = []
        /// Why it could not be looked at.
        package var fault: JetStreamFault?

        package init(pattern: String, stream: String) {
            self.pattern = pattern
            self.stream = stream
        }
    }

    package var servers: [Server] = []
    /// How many there are, those that were only told of included.
    package var knownServers = 0
    package var account: Result<AccountInfo, JetStreamFault>?
    package var durables: [Durable] = []
    package var monitors: [(url: String, answer: Result<MonitorFacts, Reason>)] = []
    /// How many servers are to have each message.
    package var replicas = 3
    /// Bytes of the largest body.
    package var maxBody = 2_097_152

    package init() {}
}
