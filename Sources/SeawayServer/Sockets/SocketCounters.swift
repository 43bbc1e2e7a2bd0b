/// What has become of a server's WebSockets since its start, by reason; what their wire side counts is
/// ``WebSocketCounters``.
package struct SocketCounters: Hashable, Sendable {
    /// Upgrades that were asked of workers, and those accepted.
    package var asked = 0
    package var accepted = 0
    /// Upgrades that a worker refused.
    package var refused = 0
    /// 403: a site that is not allowed.
    package var refusedOrigins = 0
    /// 429: too many from one address.
    package var tooMany = 0
    /// 503: no worker answered in time.
    package var notAccepted = 0

    /// Events stored, or maybe stored.
    package var events = 0
    /// Events whose outcome is not known.
    package var unknownEvents = 0
    /// Events that went to the shared channel because nobody read the socket's own.
    package var fallbacks = 0
    /// Times that an event waited for room.
    package var waits = 0
    /// Messages of browsers that were dropped because the socket was over before there was room.
    package var droppedEvents = 0
    /// Disconnects dropped because too many waited.
    package var droppedDisconnects = 0
    /// Sockets closed with 1013.
    package var overloaded = 0
    /// Events sent without the `done` of the one before.
    package var missingDones = 0

    /// Messages of workers that were not what they should be.
    package var malformed = 0
    /// Messages for sockets that are over.
    package var late = 0
    /// Messages for names that were never issued (W12).
    package var unknown = 0
    /// Group messages for sockets that were not accepted yet.
    package var early = 0
    /// Channels held back for a slow browser.
    package var pauses = 0

    package init() {}
}
