/// What Redis says no to: for now, or for good (BRIDGES.md, section 7).
///
/// The first word of an error is its code. What speaks of the server's state, or of what we may do there, passes: the
/// same message may be taken later. Everything else speaks of the message or the command, and would be said again.
package enum RedisRefusal {
    package static let passing: [String: String] = [
        "ASK": "a slot of a cluster is being moved",
        "BUSY": "a script holds the server",
        "CLUSTERDOWN": "a cluster has not all of its slots",
        "LOADING": "it reads its data after a start",
        "MASTERDOWN": "a replica that has lost its master",
        "MISCONF": "it cannot write to its disk",
        "MOVED": "a slot of a cluster that is elsewhere now",
        "NOAUTH": "a log-in that the operator can put right",
        "NOPERM": "a right that the operator can give",
        "NOREPLICAS": "too few replicas are there",
        "OOM": "its memory is used up",
        "READONLY": "a replica, which may become the master",
        "TRYAGAIN": "a slot of a cluster is being moved",
        "WRONGPASS": "a password that the operator can put right",
    ]

    /// - Parameter text: as it came behind the `-`.
    package static func passes(_ text: String) -> Bool { self.passing[self.code(of: text)] != nil }

    private static func code(of text: String) -> String {
        String(text.prefix { $0.isASCII && ($0.isUppercase || $0.isNumber) })
    }
}
