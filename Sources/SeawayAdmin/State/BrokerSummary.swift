import SeawayMessage

extension BrokerLook {
    /// What stands in the snapshot of the broker as a whole.
    var summary: Message {
        var summary: Message = [
            "address": .string(self.address), "reachable": .bool(self.totals != nil),
            "reason": self.reason.map { .string($0) } ?? .null,
        ]
        guard let totals = self.totals else { return summary }
        summary["uptime"] = .double(Double(totals.count("uptime")) / 1_000)
        summary["totals"] = .map(
            Message(totals.filter { $0.value.int != nil && $0.key != "uptime" }.map { (Self.name($0.key), $0.value) }))
        summary["memory_of"] = totals["memory-of"]
        summary["limits"] = totals["limits"]?.map.map { limits in
            .map(Message(limits.map { (Self.name($0.key), $0.value) }))
        }
        summary["drops"] = .map(self.drops(totals))
        summary["refused"] = totals["refused"]
        summary["ended"] = totals["ended"]
        summary["bounds"] = totals["bounds"]
        summary["waits"] = Self.waits(totals)
        summary["store"] = totals["store"]
        return summary
    }

    private static func name(_ key: String) -> String { key.replacing("-", with: "_") }

    /// Messages that somebody did not get, by reason.
    private func drops(_ totals: Message) -> Message {
        var drops: [(String, Value)] = [
            ("full", .int(totals["refused"]?.map?.count("full") ?? 0)),
            ("group_full", .int(totals.count("group-full"))),
        ]
        for (key, value) in totals["dropped"]?.map ?? [:] { drops.append((Self.name(key), value)) }
        drops.append(("untold", .int(totals.count("untold"))))
        drops.append(("missed", .int(totals.count("missed"))))
        drops.append(("slow", .int(totals["ended"]?.map?.count("slow") ?? 0)))
        return Message(drops)
    }

    /// How long messages waited in queues, in seconds, as a histogram.
    private static func waits(_ totals: Message) -> Value? {
        guard let waits = totals["waits"]?.map, let bounds = waits["bounds"]?.list, let counts = waits["counts"]?.list
        else { return nil }
        var sum: Int64 = 0
        let cumulative = counts.map { count -> Value in
            sum += count.int ?? 0
            return .int(sum)
        }
        return [
            "buckets": .list(bounds.map { .double(($0.double ?? 0) / 1_000) }), "counts": .list(cumulative),
            "sum": .double(Double(waits.count("sum")) / 1_000),
        ]
    }
}
