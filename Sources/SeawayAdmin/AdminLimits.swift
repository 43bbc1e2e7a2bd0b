/// Every bound of an ``AdminServer``.
package struct AdminLimits: Sendable {
    /// Connections at once; of more, one that asks for nothing makes room, or the oldest (I31).
    package var maxConnections = 64
    /// Of those, readers of tails.
    package var maxTails = 8
    /// Largest body of a request, in bytes: a message of a broker's `max-body`, and what stands around it.
    package var maxBody = (2 << 20) + 4_096
    /// Bodies that are being received, in all, in bytes.
    package var maxBuffered = 8 << 20
    /// How long a connection may stay without a request, a request may take to come, and a client may take nothing of
    /// what it is sent.
    package var patience = Duration.seconds(10)
    /// How old a snapshot may be that is shown to one more.
    package var freshness = Duration.milliseconds(500)
    /// Rows of a list that are shown, and how long brokers may be asked for them; then it is what they have said.
    package var mostRows = 500
    package var listTime = Duration.seconds(3)
    /// How often a tail says that it is there still.
    package var tailInterval = Duration.seconds(15)

    package init() {}
}

/// What an ``AdminServer`` has done since its start.
package struct AdminCounters: Hashable, Sendable {
    /// Why a request was not done, or a connection not served on.
    package enum Refused: String, CaseIterable, Sendable {
        /// Without the token, or not from this machine.
        case unauthorized
        case malformed
        case tooLarge = "too_large"
        case noRoom = "no_room"
        case tooManyTails = "too_many_tails"
        case connections
        case slow
        /// A broker has refused it, or was not there.
        case broker
    }

    package var requests = 0
    package var refused: [Refused: Int] = [:]
    package var connections = 0
    package var tails = 0
    /// Copies that readers of tails did not take in time.
    package var dropped = 0

    package init() {}
}
