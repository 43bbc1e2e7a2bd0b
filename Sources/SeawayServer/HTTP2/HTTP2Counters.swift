/// What happened on connections of HTTP/2 since the server's start.
package struct HTTP2Counters: Hashable, Sendable {
    package var connections = 0
    package var streams = 0
    /// Of those, the ones that became WebSockets.
    package var sockets = 0
    /// Connections that were ended for what their client did.
    package var ended: [HTTP2Fault: Int] = [:]

    package init() {}

    package var metrics: [Metric] {
        [
            Metric("seaway_http2_connections_total", "Connections that spoke HTTP/2.", self.connections),
            Metric("seaway_http2_streams_total", "Their streams.", self.streams),
            Metric(
                "seaway_http2_websockets_total", "Streams that became WebSockets.", self.sockets),
            Metric(
                "seaway_http2_ended_total", "Connections of HTTP/2 that were ended for what their client did.",
                by: HTTP2Fault.allCases.map { (key: $0.rawValue, value: self.ended[$0] ?? 0) }),
        ]
    }
}
