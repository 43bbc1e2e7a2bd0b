import SeawayBridge
import SeawayServer

extension BridgeTally {
    /// What `--metrics` prints (BRIDGES.md, B26).
    var metrics: [Metric] {
        let counts = self.counts
        return [
            Metric("seaway_bridge_sent_total", "Messages that a channel or group has taken.", counts.sent),
            Metric(
                "seaway_bridge_members_total", "Members of the groups that were sent to.",
                by: [("sent", counts.members), ("full", counts.membersFull), ("gone", counts.membersGone)]),
            Metric("seaway_bridge_handed_on_total", "Messages that were handed on to the service.", counts.handedOn),
            Metric("seaway_bridge_retried_total", "Attempts that were made again.", counts.retried),
            Metric(
                "seaway_bridge_dropped_total", "Messages that were lost or refused.",
                by: BridgeDrop.allCases.map { ($0.rawValue, counts.dropped[$0] ?? 0) }),
        ]
    }
}
