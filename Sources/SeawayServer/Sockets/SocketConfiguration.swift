/// Every bound and habit of what workers have to do with WebSockets (protocol/INTERFACE.md, section 8).
package struct SocketConfiguration: Sendable {
    package var routes = Routes<SocketRoute>()
    /// Frames, messages, what waits for browsers, pings.
    package var wire = WebSocketConfiguration()
    /// What waits for workers.
    package var events = EventStream.Limits()
    /// Until a worker has accepted or refused (W8).
    package var connectTimeout = Duration.seconds(5)
    /// Sites whose pages may open sockets (W22).
    package var origins = OriginCheck()
    /// Where workers may have a socket's events sent (W18).
    package var receiveChannels = ReceiveChannels()
    /// Sockets from one address; 0 sets no limit (W22).
    package var maxPerAddress = 0
    /// Sockets that are over and whose disconnect waits for room (W5).
    package var maxWaitingDisconnects = 10_000

    package init() {}
}
