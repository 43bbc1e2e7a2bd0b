import SeawayBroker
import SeawayHub
package import SeawayMessage
package import SeawayServer
import SeawayWire

/// All that a broker counts, as Prometheus names it, made of its answer to `STATS` (PROTOCOL.md, Q4).
package struct BrokerMetrics {
    private let totals: Message

    package init(totals: Message) { self.totals = totals }

    package var all: [Metric] { self.connections + self.held + self.messages + self.told + self.refused + self.store }

    private func count(_ key: String) -> Int { Int(self.totals.count(key)) }

    private func gauge(_ name: String, _ help: String, _ key: String) -> Metric {
        Metric("seaway_broker_\(name)", help, self.count(key), .gauge)
    }

    private func counter(_ name: String, _ help: String, _ key: String) -> Metric {
        Metric("seaway_broker_\(name)_total", help, self.count(key))
    }

    /// A map of the answer; what is not in it is 0.
    private func family(
        _ name: String, _ help: String, of key: String, _ reasons: [String], label: String,
        _ kind: Metric.Kind = .counter
    ) -> Metric {
        let map = self.totals[key]?.map ?? [:]
        return Metric(name, help, by: reasons.map { ($0, Int(map.count($0))) }, kind, label: label)
    }

    private func limit(_ name: String, _ help: String, _ key: String) -> Metric {
        let limits = self.totals["limits"]?.map ?? [:]
        return Metric("seaway_broker_\(name)", help, Int(limits.count(key)), .gauge)
    }

    private var connections: [Metric] {
        [
            self.gauge("connections_open", "Connections open now.", "connections"),
            self.limit("connections_limit", "Connections that there may be.", "max-connections"),
            self.counter("connections", "Connections that came.", "accepted"),
            self.counter("handshakes_failed", "TLS handshakes that failed.", "failed-handshakes"),
            self.counter(
                "accept_failures", "Connections that could not be taken for want of descriptors.", "accept-failures"),
            self.family(
                "seaway_broker_connections_ended_total", "Connections that the broker has ended, by its reason.",
                of: "ended", EndReason.allCases.map(\.rawValue), label: "reason"),
            self.counter("turns_waited", "Times that a connection had to wait for its turn.", "put-off"),
        ]
    }

    private var held: [Metric] {
        [
            self.family(
                "seaway_broker_memory_bytes", "Bytes that are held for clients, by what they are for.", of: "memory-of",
                ["messages", "tables", "input", "output", "connections"], label: "part", .gauge),
            self.limit("memory_limit_bytes", "Bytes that may be held for clients.", "max-memory"),
            self.gauge("messages_waiting", "Messages that wait in queues.", "messages"),
            self.gauge("messages_waiting_bytes", "Bytes of messages that wait in queues.", "bytes"),
            self.gauge("messages_held", "Messages delivered and not acknowledged yet.", "held"),
            self.gauge("messages_delayed", "Messages that are not due yet.", "delayed"),
            self.gauge("channels", "Channels with messages, readers or memberships.", "channels"),
            self.limit("channels_limit", "Channels that there may be.", "max-channels"),
            self.gauge("mailboxes", "Mailboxes.", "mailboxes"),
            self.gauge("channels_closed", "Closed channels that are remembered.", "closed"),
            self.gauge("groups", "Groups with members.", "groups"),
            self.gauge("memberships", "Members of all groups.", "memberships"),
            self.gauge("watches", "Watches on groups.", "watches"),
            self.gauge("tails", "Patterns of those who look on.", "tails"),
            self.gauge("once_keys", "Keys of messages that are to be taken once.", "keys"),
            self.gauge("answers_pending", "Answers that wait for a store.", "pending"),
        ]
    }

    private var messages: [Metric] {
        [
            self.counter("messages_sent", "Sends to channels and groups that were not refused.", "sent"),
            self.counter(
                "messages_delivered", "Messages handed to listeners, each member of a group by itself.", "delivered"),
            self.counter("messages_stored", "Messages that had to wait first.", "stored"),
            self.counter("messages_acknowledged", "Messages that were acknowledged.", "acknowledged"),
            self.counter("messages_returned", "Times that a message came back unacknowledged.", "returned"),
            self.counter("messages_dead", "Messages that became dead letters.", "dead"),
            self.counter("messages_repeated", "Messages that were not taken since one with their key was.", "repeated"),
            self.family(
                "seaway_broker_messages_dropped_total", "Messages that were stored and that nobody got.", of: "dropped",
                HubCounters.Drop.allCases.map(\.rawValue), label: "reason"),
            Metric(
                "seaway_broker_queue_duration_seconds", "How long messages that were handed out had waited in queues.",
                .histogram, [Metric.Sample(.histogram(self.waits))]),
        ]
    }

    private var waits: Histogram {
        let waits = self.totals["waits"]?.map ?? [:]
        let bounds = (waits["bounds"]?.list ?? []).map { ($0.double ?? 0) / 1_000 }
        let counts = (waits["counts"]?.list ?? []).map { Int($0.int ?? 0) }
        guard counts.count == bounds.count + 1 else {
            return Histogram(bounds: WaitTimes.bounds.map { Double($0) / 1_000 })
        }
        return Histogram(bounds: bounds, counts: counts, sum: Double(waits.count("sum")) / 1_000)
    }

    private var told: [Metric] {
        [
            self.counter("group_members_full", "Members of groups that had no room for a message.", "group-full"),
            self.counter("watch_messages", "Messages that told of changes in groups.", "told"),
            self.counter("watch_messages_full", "Times that such a message found no room.", "untold"),
            self.counter("reports", "Messages of whose end their senders were told.", "reported"),
            self.counter("reports_lost", "Those of which there was no room to tell.", "unreported"),
            self.counter("copies", "Copies for those who look on.", "copied"),
            self.counter("copies_missed", "Copies that they did not take in time.", "missed"),
        ]
    }

    private var refused: [Metric] {
        [
            self.family(
                "seaway_broker_requests_refused_total", "Requests that were refused, by code.", of: "refused",
                WireCode.allCases.map(\.rawValue), label: "code"),
            self.family(
                "seaway_broker_bounds_met_total", "Times that a limit was met, by its option.", of: "bounds",
                Bound.allCases.map(\.rawValue), label: "option"),
        ]
    }

    /// Of durable channels, where there are any.
    private var store: [Metric] {
        guard let store = self.totals["store"]?.map else { return [] }
        let counts = { (keys: [String]) in keys.map { ($0.replacing("-", with: "_"), Int(store.count($0))) } }
        return [
            Metric(
                "seaway_broker_store_up", "Whether the store of durable channels is connected.",
                store["state"]?.string == "connected" ? 1 : 0, .gauge),
            Metric(
                "seaway_broker_store_sends_total", "Sends to durable channels, by what became of them.",
                by: counts(["stored", "repeated", "full", "unavailable", "unknown"]), label: "outcome"),
            Metric(
                "seaway_broker_store_messages_total", "Messages that the store delivered, by what became of them.",
                by: counts(["delivered", "acknowledged", "given-back", "dead"]), label: "outcome"),
            Metric(
                "seaway_broker_store_reconnects_total", "Times that the store was connected to again.",
                Int(store.count("reconnects"))),
        ]
    }
}
