package import SeawayMessage
package import SeawayServer

/// What the console shows of an interface server, made of its metrics.
package struct ServerPicture {
    private let metrics: [String: Metric]

    package init(_ metrics: [Metric]) {
        self.metrics = Dictionary(metrics.map { ($0.name, $0) }, uniquingKeysWith: { first, _ in first })
    }

    package var message: Message {
        [
            "requests": .int(self.sum("seaway_http_requests_total")),
            "status": .map(self.status),
            "sockets": .int(self.sum("seaway_websocket_open")),
            "connections": .int(self.sum("seaway_connections_open")),
            "memory": .int(self.sum("seaway_memory_bytes")),
            "drops": .map(self.drops),
            "latency": self.latency ?? .null,
        ]
    }

    private func samples(_ name: String) -> [Metric.Sample] { self.metrics[name]?.samples ?? [] }

    private func sum(_ name: String) -> Int64 {
        self.samples(name).reduce(0) { $0 + Int64($1.value.integer ?? 0) }
    }

    private static let durations = "seaway_http_request_duration_seconds"

    private var status: Message {
        var counts: [String: Int64] = [:]
        for sample in self.samples(Self.durations) {
            guard let status = sample.labels.first(where: { $0.name == "status" }), let all = sample.value.histogram
            else { continue }
            counts[status.value, default: 0] += Int64(all.count)
        }
        return Message(counts.sorted { $0.key < $1.key }.map { ($0.key, .int($0.value)) })
    }

    private var latency: Value? {
        var sum: Histogram?
        for case let histogram? in self.samples(Self.durations).map(\.value.histogram) {
            sum?.add(histogram)
            sum = sum ?? histogram
        }
        return sum.map { sum in
            [
                "buckets": .list(sum.bounds.map { .double($0) }),
                "counts": .list(sum.cumulative.map { .int(Int64($0)) }), "sum": .double(sum.sum),
            ]
        }
    }

    /// What was refused or lost, by reason; of those that are 0 nothing is said.
    private var drops: Message {
        var drops: [(String, Value)] = []
        let families = [
            ("seaway_http_refused_total", ""), ("seaway_http_messages_dropped_total", "message_"),
            ("seaway_websocket_refused_total", "socket_"), ("seaway_websocket_closed_total", "socket_"),
            ("seaway_websocket_messages_dropped_total", "socket_message_"),
        ]
        for (family, prefix) in families {
            for sample in self.samples(family) {
                guard let count = sample.value.integer, count > 0, let reason = sample.reason else { continue }
                drops.append((prefix + reason, .int(Int64(count))))
            }
        }
        return Message(drops)
    }
}
