package import NIOCore
package import SeawayHub
package import SeawayNIO
package import SeawayStore
package import SeawayWire

/// Every bound of a broker; times in milliseconds. The defaults are those of PROTOCOL.md.
package struct BrokerConfiguration: Sendable {
    /// What clients of several brokers know it by: 1 to 64 bytes of nchar; `nil`: its address (B1).
    package var name: String?
    /// How long after its start clients of several brokers leave it out, so that members can come back (B18).
    package var warm = 0
    package var hub = HubConfiguration()
    package var limits = WireLimits()
    /// How long a frame may take once begun (F14).
    package var frameTimeout = 30_000
    package var maxConnections = 10_000
    /// Connections that have shown no token yet or, where none are asked for, said nothing; `nil`: a quarter of
    /// ``maxConnections``.
    package var maxStrangers: Int?
    /// Unread output beyond which a connection gets no pushes and is not read from (D6, M4).
    package var maxUnread = 262_144
    /// How long such output may stand still (M4).
    package var unreadTimeout = 30_000
    /// How long a connection that listens on nothing may be silent; 0: for ever (M5).
    package var idleTimeout = 0
    /// Connections besides those of ``maxConnections`` that may be there to read their `BYE`; more are closed without a
    /// word.
    package var maxLingering = 1_024
    /// How long a connection that was told `BYE` may take to read it.
    package var lingerTimeout = 2_000
    /// Who may do what; `nil`: whoever is there may do everything (U1).
    package var tokens: Tokens?
    /// The longest that the answer to a failed log-in waits (U4).
    package var loginDelay = 2_000
    /// Makes what keeps durable channels, on the broker's event loop (D17); `nil`: there are none.
    package var makeStore: (@Sendable (any EventLoop) -> any MessageStore)?
    /// How long an answer waits for it (A2), and how many of one connection may (M9).
    package var storePatience = 2_000
    package var maxPending = 1_000
    /// For addresses with TLS (U7).
    package var tls: ServerTLS?
    /// How many lines of the process's log were dropped, since nobody read them (Q4); may be called at any time.
    package var droppedLogLines: @Sendable () -> Int = { 0 }
    /// Who may open the files of Unix sockets, as in `chmod`: with 0o600 programs of the broker's own user.
    package var unixMode = 0o600

    package init() {}

    var mostStrangers: Int { min(self.maxConnections, self.maxStrangers ?? max(1, self.maxConnections / 4)) }
}
