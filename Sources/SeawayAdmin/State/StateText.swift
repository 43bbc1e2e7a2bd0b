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
    private var channels: [Value] {
        var sums: [String: ChannelState] = [:]
        for (index, broker) in self.brokers.enumerated() {
            for entry in broker.channels?.entries("channels") ?? [] {
                guard let name = entry["name"]?.string else { continue }
                sums[name, default: ChannelState()].add(entry, of: index)
            }
        }
        return sums.sorted { $0.key < $1.key }.map { $0.value.value(name: $0.key) }
    }

    /// A group has its members at every broker.
    private var groups: [Value] {
        var members: [String: Int64] = [:]
        for entry in self.brokers.flatMap({ $0.groups?.entries("groups") ?? [] }) {
            guard let name = entry["name"]?.string else { continue }
            members[name] = max(members[name] ?? 0, entry.count("members"))
        }
        return members.sorted { $0.key < $1.key }.map { ["name": .string($0.key), "members": .int($0.value)] }
    }

    private var connections: [Value] {
        self.brokers.enumerated().flatMap { index, broker in
            (broker.connections?.entries("connections") ?? []).map { Self.connection($0, of: index) }
        }
    }

    private static func connection(_ entry: Message, of broker: Int) -> Value {
        var fields: [(String, Value)] = [
            ("broker", .int(Int64(broker))), ("id", entry["id"] ?? .null), ("client", entry["client"] ?? .null),
        ]
        for key in ["address", "token"] {
            if let value = entry[key] { fields.append((key, value)) }
        }
        if let age = entry["age"]?.double { fields.append(("age", .double(age / 1_000))) }
        fields.append(("names", .int(entry.count("names"))))
        fields.append(("pending", .int(entry.count("unread"))))
        if let language = entry["client"]?.string.flatMap(Self.language) {
            fields.append(("language", .string(language)))
        }
        return .map(Message(fields))
    }

    /// What the libraries of the project say of themselves where an application says nothing else.
    private static func language(_ client: String) -> String? {
        if client == "seaway" { return "swift" }
        let words = client.lowercased().split { !$0.isLetter }
        let known = [
            "python": "python", "asgi": "python", "django": "python", "go": "go", "shell": "shell", "sh": "shell",
            "swift": "swift",
        ]
        return words.lazy.compactMap { known[String($0)] }.first
    }
}

/// One channel, over all brokers.
private struct ChannelState {
    private var brokers: [Int] = []
    private var sums: [String: Int64] = [:]
    private var oldest: Int64?
    private var isPaused = false

    /// Names here, and in the answers of brokers.
    private static let keys = [
        ("depth", "messages"), ("bytes", "bytes"), ("readers", "readers"), ("credit", "credit"), ("in_hand", "held"),
        ("delayed", "delayed"), ("sent", "in"), ("delivered", "out"), ("dropped", "dropped"),
    ]

    mutating func add(_ entry: Message, of broker: Int) {
        self.brokers.append(broker)
        for (key, told) in Self.keys { self.sums[key, default: 0] += entry.count(told) }
        if entry.count("messages") > 0 { self.oldest = max(self.oldest ?? 0, entry.count("oldest")) }
        self.isPaused = self.isPaused || entry["paused"]?.bool == true
    }

    func value(name: String) -> Value {
        var fields: [(String, Value)] = [
            ("name", .string(name)), ("brokers", .list(self.brokers.map { .int(Int64($0)) })),
        ]
        fields += Self.keys.map { ($0.0, .int(self.sums[$0.0] ?? 0)) }
        fields.append(("oldest", self.oldest.map { .double(Double($0) / 1_000) } ?? .null))
        fields.append(("paused", .bool(self.isPaused)))
        return .map(Message(fields))
    }
}

extension Message {
    /// A number of an answer; 0 where there is none. None is so large that sums of them could overflow.
    func count(_ key: String) -> Int64 { Swift.min(Swift.max(self[key]?.int ?? 0, 0), 1 << 53) }

    /// The maps of a list.
    func entries(_ key: String) -> [Message] { self[key]?.list?.compactMap(\.map) ?? [] }
}
