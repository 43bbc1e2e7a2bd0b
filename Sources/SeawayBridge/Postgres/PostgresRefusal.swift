/// What PostgreSQL says no to, by SQLSTATE: for now, or for good (BRIDGES.md, section 7).
package enum PostgresRefusal {
    /// Classes of codes (two characters) and codes that speak of the server's state, not of the message: the same may
    /// be taken later.
    package static let passing: [String: String] = [
        "08": "the connection has failed",
        "25006": "a standby, which may become the primary",
        "28": "a log-in that the operator can put right",
        "40": "rolled back because of others",
        "42501": "a right that the operator can give",
        "53": "out of memory, disk or connections",
        "54000": "the queue of notifications is full",
        "55P03": "a lock that others hold",
        "57": "shut down, starting, or ended by an operator",
        "58": "the disk or the system has failed",
    ]

    /// - Parameter state: five characters; empty when there was none, because the connection broke.
    package static func passes(_ state: String) -> Bool {
        self.passing[state] != nil || self.passing[String(state.prefix(2))] != nil
    }
}
