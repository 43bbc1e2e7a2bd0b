import SeawayConsole
import SeawayMessage

/// Answers of brokers, as tests say them.
enum TopAnswers {
    static func totals(
        epoch: String = "x", sent: Int = 0, refused: String = "{}", dropped: String = "{}", store: String? = nil
    ) throws -> Message {
        try Message(
            json: """
                {"epoch":"\(epoch)","uptime":65000,"connections":3,"channels":2,"groups":1,"memberships":2,"watches":0,\
                "messages":12,"bytes":2048,"memory":4096,"limits":{"max-memory":1073741824},"sent":\(sent),"delivered":\(sent),\
                "stored":0,"group-full":0,"told":0,"refused":\(refused),"dropped":\(dropped),"ended":{}\(store.map { ",\"store\":\($0)" } ?? "")}
                """)
    }

    static func channel(
        _ name: String, in count: Int = 0, out: Int = 0, messages: Int = 0, oldest: Int = 0, paused: Bool = false
    ) -> String {
        """
        {"name":"\(name)","messages":\(messages),"bytes":\(messages * 10),"oldest":\(oldest),"readers":1,"credit":5,\
        "paused":\(paused),"in":\(count),"out":\(out),"dropped":0}
        """
    }

    static func answer(
        at time: Int = 0, totals: Message? = nil, channels: [String], look: (TopTarget, String)? = nil
    ) throws -> BrokerAnswer {
        BrokerAnswer(
            time: time, totals: try totals ?? self.totals(), list: .channels,
            entries: try Message(json: "{\"channels\":[\(channels.joined(separator: ","))]}"),
            look: try look.map { ($0.0, try Message(json: $0.1)) })
    }
}
