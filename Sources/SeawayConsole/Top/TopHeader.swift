import SeawayMessage

/// The sums that stand on top of every picture.
extension TopScreen {
    var header: [Line] {
        [Line(self.title, .title)] + self.brokerLines + self.storeLines
            + [self.traffic, self.sizes, self.losses].map { Line($0) }
    }

    private var title: String {
        let broker =
            self.model.brokers.count == 1 ? self.model.brokers[0].address : "\(self.model.brokers.count) brokers"
        let uptime = self.model.brokers.count == 1 ? "  up \(self.time("uptime"))" : ""
        return "seaway top  \(broker)\(uptime)  every \(self.interval)\(self.state.isPaused ? "  PAUSED" : "")"
    }

    private func time(_ key: String) -> String { Amount.time(milliseconds: self.model.largest(key)) }

    /// A line for each broker when there are several, and for one that does not answer.
    private var brokerLines: [Line] {
        let isOne = self.model.brokers.count == 1
        let width = self.model.brokers.map { DisplayWidth.of($0.address) }.max() ?? 0
        return self.model.brokers.compactMap { broker in
            let name = DisplayWidth.pad(broker.address, to: width)
            switch broker.state {
            case .asked: return isOne ? Line("asking …") : Line("\(name)  asking …")
            case .silent(let reason): return Line("\(name)  \(reason)", .warning)
            case .answered: return isOne ? nil : broker.totals.map { Line("\(name)  \(Self.summary($0))") }
            }
        }
    }

    /// A line for each broker whose durable channels cannot be reached.
    private var storeLines: [Line] {
        self.model.brokers.compactMap { broker in
            guard case .answered = broker.state, let store = broker.totals?.now["store"]?.map,
                store.text("state") == "away"
            else { return nil }
            return Line("\(broker.address)  its store is away: \(store.text("where") ?? "")", .warning)
        }
    }

    private static func summary(_ totals: BrokerHistory.Pair) -> String {
        func rate(_ key: String) -> String { Rate.text(totals.rate { $0.count(key) }) }
        let now = totals.now
        return
            "up \(Amount.time(milliseconds: now.count("uptime")))  sent \(rate("sent"))/s  delivered \(rate("delivered"))/s"
            + "  waiting \(Amount.count(now.count("messages")))  memory \(Amount.bytes(now.count("memory")))"
            + "  connections \(Amount.count(now.count("connections")))"
    }

    private var traffic: String {
        func rate(_ key: String) -> String { "\(key) \(Rate.text(self.model.rate(key)))/s" }
        let waiting = "waiting \(self.count("messages")) (\(Amount.bytes(self.model.sum("bytes"))))"
        // Of channels that are acknowledged and of messages for later, where there are any.
        let rare = ["held", "delayed", "keys", "dead"].filter { self.model.sum($0) > 0 }.map {
            "\($0) \(self.count($0))"
        }
        return ([waiting] + rare + [rate("sent"), rate("delivered"), rate("stored"), rate("told")])
            .joined(separator: "  ")
    }

    private func count(_ key: String) -> String { Amount.count(self.model.sum(key)) }

    private var sizes: String {
        let parts = self.model.counters(in: "memory-of").map { "\($0.0) \(Amount.bytes($0.1))" }
        let memory =
            "memory \(Amount.bytes(self.model.sum("memory"))) of \(Amount.bytes(self.model.limit("max-memory")))"
            + (parts.isEmpty ? "" : " (\(parts.joined(separator: ", ")))")
        let counts = ["connections", "channels", "groups", "memberships", "watches"].map { "\($0) \(self.count($0))" }
        return ([memory] + counts).joined(separator: "  ")
    }

    /// What was refused, dropped and ended, and why.
    private var losses: String {
        var parts = ["refused", "dropped", "ended"].map { kind in
            let counters = self.model.counters(in: kind).map { key, count, rate in
                "\(key) \(Amount.count(count))\(rate.map { $0 > 0 ? " (\(Amount.rate($0))/s)" : "" } ?? "")"
            }
            return "\(kind): \(counters.isEmpty ? "none" : counters.joined(separator: ", "))"
        }
        let full = self.model.sum("group-full")
        if full > 0 { parts.insert("group members full: \(Amount.count(full))", at: 1) }
        return parts.joined(separator: "  ")
    }
}
