import SeawayMessage

/// One row of a list, over all brokers.
struct ListRow {
    /// What rows are sorted by.
    enum Rank: Comparable {
        case text(String)
        case number(Double)
    }

    let name: String
    /// What a filter looks at.
    let words: [String]
    let value: Value
    private let fields: Message

    private init(_ name: String, _ words: [String], _ fields: Message) {
        self.name = name
        self.words = words
        self.fields = fields
        self.value = .map(fields)
    }

    /// What brokers say of a channel, added up.
    init(channel name: String, _ said: [(broker: Int, entry: Message)]) {
        var sum = ChannelSum()
        for (broker, entry) in said { sum.add(entry, of: broker) }
        self.init(name, [name], sum.message(name: name))
    }

    /// A group has its members at every broker.
    init(group name: String, _ said: [(broker: Int, entry: Message)]) {
        let members = said.map { $0.entry.count("members") }.max() ?? 0
        self.init(name, [name], ["name": .string(name), "members": .int(members)])
    }

    init(connection entry: Message, of broker: Int) {
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
        let words = fields.compactMap { $0.1.string }
        self.init("\(broker) \(entry["id"]?.string ?? "")", words, Message(fields))
    }

    /// `nil`: it is not known.
    func rank(by key: String) -> Rank? {
        switch self.fields[key] {
        case .string(let text)? where !text.isEmpty: .text(text)
        case .int(let number)?: .number(Double(number))
        case .double(let number)?: .number(number)
        default: nil
        }
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
private struct ChannelSum {
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

    func message(name: String) -> Message {
        var fields: [(String, Value)] = [
            ("name", .string(name)), ("brokers", .list(self.brokers.map { .int(Int64($0)) })),
        ]
        fields += Self.keys.map { ($0.0, .int(self.sums[$0.0] ?? 0)) }
        fields.append(("oldest", self.oldest.map { .double(Double($0) / 1_000) } ?? .null))
        fields.append(("paused", .bool(self.isPaused)))
        return Message(fields)
    }
}
