import Foundation
import NIOCore
import SeawayMessage

/// Every bound of a ``WireLayer``.
public struct WireLayerConfiguration: Sendable {
    public var broker: BrokerAddress
    /// Shown to the broker's operators: 1 to 64 of `A–Z a–z 0–9 - _ .`; anything else becomes `-`.
    public var clientName: String
    /// What the broker knows this client by, `NAME.SECRET` of 1 to 255 bytes, if it asks for that; unless said, what
    /// the environment has as `SEAWAY_TOKEN`.
    public var token = ProcessInfo.processInfo.environment["SEAWAY_TOKEN"]
    /// For brokers whose address begins with `tls://`; `nil`: the authorities of this machine are trusted, and no
    /// certificate is shown.
    public var tls: ClientTLS?
    /// How long a request may wait for a connection before it is refused as `unreachable`.
    public var connectPatience = Duration.seconds(2)
    /// Requests without an answer, on the way or waiting for a connection; one more is refused with `limit`.
    public var maxPending = 65_536
    /// Bytes of requests that wait for a connection or for the broker to read; one more is refused with `limit`.
    public var maxPendingBytes = 64 << 20
    /// Silence after which the broker asks this side for a sign of life, and gives it up after two more of it. At most
    /// an hour; zero: never.
    public var heartbeat = Duration.seconds(20)
    /// Silence after which the broker is taken for dead; it is sent a `PING` after each third. What went by a
    /// connection that was lost is not waited for any longer either (`ListeningEvent.forsaken`). Zero: never, and at
    /// once.
    public var failover = Duration.seconds(2)
    /// The first wait before connecting again; doubled each time, and shortened at random by up to a half.
    public var firstBackoff = Duration.milliseconds(50)
    public var maxBackoff = Duration.seconds(5)
    /// How many brokers the client has, this one included: its answers go to the others when this one leaves.
    package var brokers = 1
    /// Whether memberships that the broker has lost are joined again; not so where somebody else sees to that.
    package var restoresMemberships = true
    /// How long connecting and the first answer of a broker may take, and its last when this side leaves.
    public var connectTimeout = Duration.seconds(5)

    /// Milliseconds of silence before each question: two of them and the silence behind the second, each looked after
    /// at times only.
    var askingInterval: Int {
        max(0, (self.failoverInMilliseconds - Int(WireCore.checkInterval.nanoseconds / 1_000_000) * 2) / 3)
    }

    var failoverInMilliseconds: Int { Int(min(self.failover, .seconds(3_600)) / .milliseconds(1)) }

    /// What is told to one request too many.
    var tooMuchWaits: Refusal {
        Refusal(
            code: "limit",
            text: "at most \(self.maxPending) requests and \(self.maxPendingBytes) bytes wait for a broker (maxPending)"
        )
    }

    public init(broker: BrokerAddress = .local, clientName: String = "seaway") {
        self.broker = broker
        self.clientName = clientName
    }
}
