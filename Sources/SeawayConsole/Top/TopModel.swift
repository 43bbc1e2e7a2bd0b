import SeawayMessage

/// What is known of all brokers: sums, rates, and tables of what they hold.
package struct TopModel: Sendable {
    private(set) var brokers: [BrokerHistory]

    package init(brokers addresses: [String]) { self.brokers = addresses.map { BrokerHistory(address: $0) } }

    package mutating func take(_ answer: BrokerAnswer, of broker: Int) { self.brokers[broker].take(answer) }

    package mutating func fail(_ reason: String, of broker: Int) { self.brokers[broker].fail(Printable.text(reason)) }

    /// Whether all that answer have answered twice, so that there are rates.
    package var hasRates: Bool {
        self.brokers.allSatisfy { broker in
            switch broker.state {
            case .asked: false
            case .silent: true
            case .answered: broker.totals?.before != nil
            }
        }
    }

    package var reachesNone: Bool {
        self.brokers.allSatisfy { if case .silent = $0.state { true } else { false } }
    }

    // MARK: Sums

    private var totals: [BrokerHistory.Pair] { self.brokers.compactMap(\.totals) }

    func sum(_ key: String) -> Int { self.totals.reduce(0) { $0 + $1.now.count(key) } }

    func largest(_ key: String) -> Int { self.totals.map { $0.now.count(key) }.max() ?? 0 }

    func limit(_ key: String) -> Int { self.totals.reduce(0) { $0 + ($1.now["limits"]?.map?.count(key) ?? 0) } }

    func rate(_ key: String) -> Double? { Rate.sum(self.totals.map { $0.rate { $0.count(key) } }) }

    /// Counters that stand in a map, as `refused` and `dropped`: those that are not 0, with their rates.
    func counters(in map: String) -> [(key: String, count: Int, rate: Double?)] {
        var keys: [String] = []
        for key in self.totals.flatMap({ $0.now[map]?.map?.keys ?? [] }) where !keys.contains(key) { keys.append(key) }
        return keys.map { key in
            let count = { (message: Message) in message[map]?.map?.count(key) ?? 0 }
            return (key, self.totals.reduce(0) { $0 + count($1.now) }, Rate.sum(self.totals.map { $0.rate(count) }))
        }
    }

    // MARK: Looks

    /// What was last seen in a channel or group, by broker.
    func looks(at target: TopTarget) -> [(broker: String, answer: Message)] {
        self.brokers.compactMap { broker in
            broker.look.flatMap { $0.target == target ? (broker.address, $0.answer) : nil }
        }
    }

    // MARK: Tables

    package func table(_ list: TopList) -> TopTable {
        switch list {
        case .channels: self.channelTable
        case .groups: self.groupTable
        case .connections: self.connectionTable
        }
    }

    private func pairs(_ list: TopList) -> [(broker: String, pair: BrokerHistory.Pair)] {
        self.brokers.compactMap { broker in broker.lists[list].map { (broker.address, $0) } }
    }

    private var channelTable: TopTable {
        var sums: [String: ChannelSum] = [:]
        for (_, pair) in self.pairs(.channels) {
            let before = Dictionary(
                (pair.before?.entries("channels") ?? []).map { ($0.text("name") ?? "", $0) }, uniquingKeysWith: { $1 })
            for entry in pair.now.entries("channels") {
                let name = entry.text("name") ?? ""
                sums[name, default: ChannelSum(name: name)].add(
                    entry, before: before[name], milliseconds: pair.before == nil ? 0 : pair.milliseconds)
            }
        }
        return TopTable(
            columns: ChannelSum.columns, rows: sums.values.map(\.row), total: max(sums.count, self.largest("channels")))
    }

    /// A group has its members at every broker.
    private var groupTable: TopTable {
        var members: [String: Int] = [:]
        for (_, pair) in self.pairs(.groups) {
            for entry in pair.now.entries("groups") {
                members[entry.text("name") ?? "", default: 0].formMaximum(entry.count("members"))
            }
        }
        return TopTable(
            columns: [
                .init(title: "GROUP", width: 0, isNumber: false), .init(title: "MEMBERS", width: 8, isNumber: true),
            ],
            rows: members.map { .init(id: $0.key, cells: [.init($0.key), .init(count: $0.value)]) },
            total: max(members.count, self.largest("groups")))
    }

    private var connectionTable: TopTable {
        let entries = self.pairs(.connections).flatMap { broker, pair in
            pair.now.entries("connections").map { (broker: broker, entry: $0) }
        }
        return TopTable(
            columns: [
                .init(title: "CLIENT", width: 0, isNumber: false), .init(title: "NAMES", width: 7, isNumber: true),
                .init(title: "UNREAD", width: 7, isNumber: true), .init(title: "ID", width: 12, isNumber: false),
                .init(title: "BROKER", width: 21, isNumber: false),
            ],
            rows: entries.map { broker, entry in
                let id = entry.text("id") ?? ""
                return .init(
                    id: "\(broker) \(id)",
                    cells: [
                        .init(entry.text("client") ?? "-"), .init(count: entry.count("names")),
                        .init(bytes: entry.count("unread")), .init(id), .init(broker),
                    ])
            },
            total: max(entries.count, self.sum("connections")))
    }
}

extension Int {
    fileprivate mutating func formMaximum(_ other: Int) { self = Swift.max(self, other) }
}
