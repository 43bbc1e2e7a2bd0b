package import SeawayServer

extension AdminCounters {
    /// By the names of protocol/INTERFACE.md, section 10.
    package var metrics: [Metric] {
        [
            Metric("seaway_admin_requests_total", "Requests for metrics, health and the console.", self.requests),
            Metric(
                "seaway_admin_refused_total", "Of those, and of their connections, what was refused.",
                by: Refused.allCases.map { ($0.rawValue, self.refused[$0] ?? 0) }),
            Metric("seaway_admin_connections_open", "Connections of such clients now.", self.connections, .gauge),
            Metric("seaway_admin_tails_open", "Those that look on at messages now.", self.tails, .gauge),
            Metric(
                "seaway_admin_tail_dropped_total", "Copies of messages that they did not take in time.", self.dropped),
        ]
    }
}
