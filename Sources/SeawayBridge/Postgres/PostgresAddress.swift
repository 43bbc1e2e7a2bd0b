/// Where PostgreSQL is, and how long it may be silent.
package struct PostgresAddress: Sendable {
    private let target: String
    private let hosts: PostgresHosts
    let limits: ServiceLimits

    /// - Parameter target: a connection string or URI, as libpq reads it; empty: what the environment says.
    package init(_ target: String, limits: ServiceLimits) {
        self.target = target
        self.hosts = PostgresHosts(target)
        self.limits = limits
    }

    /// What libpq is told; what stands in the last wins, so that the operator's connection string has the last word.
    func words(attempt: Int) -> [(keyword: String, value: String)] {
        let answer = Int(self.limits.answer.milliseconds)
        let seconds = max(1, Int(self.limits.quiet.milliseconds) / 1_000)
        return [
            ("fallback_application_name", "seaway-bridge"),
            // The kernel gives up a connection whose other end is gone, also while nobody asks anything.
            ("keepalives", "1"), ("keepalives_idle", "\(seconds)"), ("keepalives_count", "3"),
            ("keepalives_interval", "\(max(1, answer / 3_000))"), ("tcp_user_timeout", "\(answer)"),
            ("dbname", self.target),
        ] + self.hosts.words(attempt: attempt)
    }
}
