package import SeawayMessage

/// What waits on a channel, as the console shows it.
package enum MessagesText {
    /// Bodies of more bytes in JSON are shown in part, as text.
    static let mostShown = 16 << 10
    static let fewShown = 1_000

    /// - Parameter answers: to `PEEK`, by broker.
    package static func message(_ answers: [(broker: Int, answer: Message)], most: Int) -> Message {
        let messages = answers.flatMap { broker, answer in
            answer.entries("head").enumerated().map { Self.entry($1, at: $0, of: broker) }
        }
        let oldestFirst = messages.sorted { ($0["age"]?.double ?? 0) > ($1["age"]?.double ?? 0) }
        return [
            "messages": .list(oldestFirst.prefix(most).map { .map($0) }),
            "total": .int(answers.reduce(0) { $0 + $1.answer.count("messages") }),
        ]
    }

    private static func entry(_ told: Message, at position: Int, of broker: Int) -> Message {
        var entry: Message = [
            // Nothing else tells one message that waits from another.
            "id": .string("\(broker).\(position)"), "broker": .int(Int64(broker)),
            "age": .double(Double(told.count("age")) / 1_000), "size": .int(told.count("bytes")),
        ]
        if let left = told["left"]?.double { entry["left"] = .double(left / 1_000) }
        for key in ["times", "dead", "tries", "why"] { entry[key] = told[key] }
        let body = told["message"] ?? .null
        let text = body.map?.json ?? ""
        entry["body"] = text.utf8.count <= Self.mostShown ? body : .null
        entry["text"] = .string(String(text.prefix(Self.fewShown)))
        return entry
    }
}
