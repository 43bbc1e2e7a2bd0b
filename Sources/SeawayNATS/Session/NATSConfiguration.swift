/// How a client reaches NATS servers, and what it bounds. Times are milliseconds.
package struct NATSConfiguration: Sendable {
    /// At least one; others of their cluster are learned.
    package var servers: [NATSAddress]
    package var credentials = NATSCredentials.none
    /// TLS at every server, also where none asks for it.
    package var needsTLS = false
    /// TLS comes before the server's first word (`handshake_first` of its configuration).
    package var beginsWithTLS = false
    /// What the server shows as this client's name.
    package var name = "seaway"
    /// How long each step of a connection may take, until the server has answered `PING`.
    package var connectPatience = 2_000
    /// Silence after which the server is asked for a sign of life; after three times as much it is given up. 0: never.
    package var heartbeat = 2_000
    package var firstBackoff = 100
    package var maxBackoff = 5_000
    /// How long a server that is about to leave may still answer what was asked.
    package var leavingPatience = 2_000
    /// Servers that are known, those that others have told of included.
    package var maxServers = 64
    /// Requests without an answer.
    package var maxWaiting = 65_536
    /// Bytes that wait for the connection to take them.
    package var maxOutput = 16_777_216
    package var limits = NATSLimits()

    package init(servers: [NATSAddress]) { self.servers = servers }
}
