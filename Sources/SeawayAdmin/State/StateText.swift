package import SeawayMessage

/// What one broker has said of itself at one moment.
package struct BrokerLook: Sendable {
    package let address: String
    package var totals: Message?
    package var channels: Message?
    package var groups: Message?
    package var connections: Message?
    /// Why it says nothing.
    package var reason: String?

    package init(address: String) { self.address = address }
}

/// The snapshot of `/api/state`: what brokers have said, added up.
package struct StateText {
    /// Entries of each list.
    package static let most = 500

    private let brokers: [BrokerLook]

    package init(_ brokers: [BrokerLook]) { self.brokers = brokers }

    /// What stands in the snapshot of brokers.
    package var fields: [(String, Value)] {
        let channels = self.channels
        let groups = self.groups
        let connections = self.connections
        return [
            ("brokers", .list(self.brokers.map { .map($0.summary) })),
            ("channels", .list(Array(channels.prefix(Self.most)))),
            ("channels_total", .int(max(Int64(channels.count), self.largest("channels")))),
            ("groups", .list(Array(groups.prefix(Self.most)))),
            ("groups_total", .int(max(Int64(groups.count), self.largest("groups")))),
            ("connections", .list(Array(connections.prefix(Self.most)))),
            ("connections_total", .int(max(Int64(connections.count), self.sum("connections")))),
        ]
    }

    private func sum(_ key: String) -> Int64 { self.brokers.reduce(0) { $0 + ($1.totals?.count(key) ?? 0) } }

    private func largest(_ key: String) -> Int64 { self.brokers.map { $0.totals?.count(key) ?? 0 }.max() ?? 0 }

    // MARK: Lists

    /// By name; a channel of several brokers stands once.
    private var channels: [Value] { self.joined("channels", \.channels) { ListRow(channel: $0, $1) } }

    private var groups: [Value] { self.joined("groups", \.groups) { ListRow(group: $0, $1) } }

    /// By name, what all brokers say of it.
    private func joined(
        _ key: String, _ answer: KeyPath<BrokerLook, Message?>,
        _ row: (String, [(broker: Int, entry: Message)]) -> ListRow
    ) -> [Value] {
        var said: [String: [(broker: Int, entry: Message)]] = [:]
        for (index, broker) in self.brokers.enumerated() {
            for entry in broker[keyPath: answer]?.entries(key) ?? [] {
                guard let name = entry["name"]?.string else { continue }
                said[name, default: []].append((index, entry))
            }
        }
        return said.sorted { $0.key < $1.key }.map { row($0.key, $0.value).value }
    }

    private var connections: [Value] {
        self.brokers.enumerated().flatMap { index, broker in
            (broker.connections?.entries("connections") ?? []).map { ListRow(connection: $0, of: index).value }
        }
    }
}

extension Message {
    /// A number of an answer; 0 where there is none. None is so large that sums of them could overflow.
    func count(_ key: String) -> Int64 { Swift.min(Swift.max(self[key]?.int ?? 0, 0), 1 << 53) }

    /// The maps of a list.
    func entries(_ key: String) -> [Message] { self[key]?.list?.compactMap(\.map) ?? [] }
}
