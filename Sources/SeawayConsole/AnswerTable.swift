package import SeawayMessage

/// What `STATS`, `PEEK` and `MEMBERS` answer, as tables; several brokers side by side.
package enum AnswerTable {
    /// One broker's answer.
    package struct Answer: Hashable, Sendable {
        package let broker: String
        package let map: Message

        package init(broker: String, map: Message) {
            self.broker = broker
            self.map = map
        }

        /// The map in one line of JSON, with the broker in front if there are several.
        package func json(among count: Int) -> String {
            let pairs: [(String, Value)] = self.map.map { ($0.key, $0.value) }
            return Printable.json((count > 1 ? Message([("broker", .string(self.broker))] + pairs) : self.map).json)
        }
    }

    /// A page of `STATS`: a column for each key of its entries.
    package static func page(_ answers: [Answer], list key: String) -> [String] {
        let entries = answers.flatMap { answer in
            (answer.map[key]?.list ?? []).compactMap(\.map).map { (broker: answer.broker, entry: $0) }
        }
        // One that is 0 may be left out.
        var keys = entries.first.map { Array($0.entry.keys) } ?? []
        for key in entries.lazy.flatMap(\.entry.keys) where !keys.contains(key) { keys.append(key) }
        let broker = answers.count > 1 ? [Table.Column("BROKER")] : []
        var table = Table(
            broker
                + keys.map { key in
                    Table.Column(key.uppercased(), entries.contains { $0.entry[key]?.int != nil } ? .right : .left)
                })
        table.rows = entries.map { broker, entry in
            (answers.count > 1 ? [broker] : []) + keys.map { Self.cell($0, entry[$0] ?? .null) }
        }
        return (entries.isEmpty ? ["no \(key)"] : table.lines) + Self.more(answers)
    }

    /// What waits on a channel: its sums, and its oldest messages.
    package static func channel(_ answers: [Answer]) -> [String] {
        answers.flatMap { answer -> [String] in
            let map = answer.map
            func count(_ key: String) -> Int { Int(map[key]?.int ?? 0) }
            let place = answers.count > 1 ? " at \(answer.broker)" : ""
            let title =
                "\(map["channel"]?.string ?? "")\(place): \(count("messages")) messages, \(count("bytes")) bytes, "
                + "\(count("readers")) readers\(map["paused"]?.bool == true ? ", paused" : "")"
            let head = (map["head"]?.list ?? []).compactMap(\.map)
            guard !head.isEmpty else { return [title] }
            // How often it was delivered, and why it was given up: only where something was.
            let rare = ["times", "dead", "tries", "why"].filter { key in head.contains { $0[key] != nil } }
            let keys = ["age", "left"] + rare + ["bytes"]
            var table = Table(
                keys.map { .init($0.uppercased(), ["dead", "why"].contains($0) ? .left : .right) } + [.init("MESSAGE")])
            table.rows = head.map { entry in
                keys.map { key in key == "why" ? Self.why(entry) : Self.cell(key, entry[key] ?? .null) }
                    + [Self.message(entry["message"] ?? .null)]
            }
            return [title] + table.lines + Self.more([answer])
        }
    }

    /// What stands on a channel of dead letters: the longest dead first, when, why and how often it was tried.
    package static func deadLetters(_ answers: [Answer]) -> [String] {
        let letters = answers.flatMap { answer in
            (answer.map["head"]?.list ?? []).compactMap(\.map).map { (answer.broker, $0) }
        }
        guard !letters.isEmpty else { return ["no dead letters"] + Self.more(answers) }
        let broker = answers.count > 1 ? [Table.Column("BROKER")] : []
        var table = Table(
            broker + [
                .init("DEAD", .right), .init("TRIES", .right), .init("CAUSE"), .init("WHY"), .init("MESSAGE"),
            ])
        table.rows = letters.map { name, letter in
            (answers.count > 1 ? [name] : [])
                + [
                    Self.cell("since", letter["since"] ?? .null), Self.cell("tries", letter["tries"] ?? .null),
                    Self.cell("dead", letter["dead"] ?? .null), Self.why(letter),
                    Self.message(letter["message"] ?? .null),
                ]
        }
        return table.lines + Self.more(answers)
    }

    private static func why(_ entry: Message) -> String {
        entry["why"]?.string.map { Printable.text(PercentCoding.decode($0)) } ?? "-"
    }

    /// Who is in a group: a name in each line, each once.
    package static func members(_ answers: [Answer]) -> [String] {
        let names = answers.flatMap { $0.map["members"]?.list ?? [] }.compactMap(\.string)
        return Set(names).sorted() + Self.more(answers)
    }

    private static func more(_ answers: [Answer]) -> [String] {
        answers.contains { $0.map["next"] != nil } ? ["… and more: see --limit"] : []
    }

    private static func message(_ value: Value) -> String {
        value.map.map { Printable.json($0.json) } ?? "(too long to be shown)"
    }

    private static func cell(_ key: String, _ value: Value) -> String {
        switch value {
        case .int(let number) where ["oldest", "age", "left", "since", "uptime"].contains(key):
            Amount.time(milliseconds: Int(number))
        case .int(let number): "\(number)"
        case .bool(let isSo): isSo ? "yes" : "no"
        case .string(let text): Printable.text(text)
        case .null: "-"
        case .double, .bytes, .list, .map: Printable.json(Message([(key, value)]).json)
        }
    }
}
