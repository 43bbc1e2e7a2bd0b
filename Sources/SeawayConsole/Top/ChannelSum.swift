import SeawayMessage

/// One channel, over all brokers.
struct ChannelSum {
    static let columns: [TopTable.Column] = [
        .init(title: "CHANNEL", width: 0, isNumber: false), .init(title: "IN/S", width: 6, isNumber: true),
        .init(title: "OUT/S", width: 6, isNumber: true), .init(title: "WAITING", width: 7, isNumber: true),
        .init(title: "BYTES", width: 6, isNumber: true), .init(title: "OLDEST", width: 6, isNumber: true),
        .init(title: "READERS", width: 7, isNumber: true), .init(title: "CREDIT", width: 6, isNumber: true),
        .init(title: "DROPPED", width: 7, isNumber: true),
    ]

    let name: String
    private var inRates: [Double?] = []
    private var outRates: [Double?] = []
    private var messages = 0
    private var bytes = 0
    private var oldest = 0
    private var readers = 0
    private var credit = 0
    private var dropped = 0
    private var held = 0
    private var delayed = 0
    private var isPaused = false

    init(name: String) { self.name = name }

    /// - Parameters:
    ///   - before: what the same broker said of it earlier; nothing when the channel is new.
    ///   - milliseconds: since then; 0 when nothing was said at all.
    mutating func add(_ entry: Message, before: Message?, milliseconds: Int) {
        func rate(_ key: String) -> Double? {
            guard milliseconds > 0 else { return nil }
            return Rate.perSecond(from: before?.count(key) ?? 0, to: entry.count(key), in: milliseconds)
        }
        self.inRates.append(rate("in"))
        self.outRates.append(rate("out"))
        self.messages += entry.count("messages")
        self.bytes += entry.count("bytes")
        self.oldest = max(self.oldest, entry.count("oldest"))
        self.readers += entry.count("readers")
        self.credit += entry.count("credit")
        self.dropped += entry.count("dropped")
        self.held += entry.count("held")
        self.delayed += entry.count("delayed")
        self.isPaused = self.isPaused || entry["paused"]?.bool == true
    }

    /// The name, with what is so of few channels.
    private var title: String {
        let marks =
            (self.isPaused ? ["paused"] : []) + (self.held > 0 ? ["held \(Amount.count(self.held))"] : [])
            + (self.delayed > 0 ? ["delayed \(Amount.count(self.delayed))"] : [])
        return marks.isEmpty ? self.name : "\(self.name) (\(marks.joined(separator: ", ")))"
    }

    var row: TopTable.Row {
        TopTable.Row(
            id: self.name,
            cells: [
                .init(self.title), .init(rate: Rate.sum(self.inRates)),
                .init(rate: Rate.sum(self.outRates)), .init(count: self.messages), .init(bytes: self.bytes),
                .init(self.messages == 0 ? "" : Amount.time(milliseconds: self.oldest), Double(self.oldest)),
                .init(count: self.readers), .init(count: self.credit), .init(count: self.dropped),
            ])
    }
}
