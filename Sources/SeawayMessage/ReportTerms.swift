/// What the sender of a message is told when it will not be done (PROTOCOL.md, S14).
///
/// A broker that does not know such reports (its features have no `report`) is sent the message without them: then
/// nobody is told.
public struct ReportTerms: Hashable, Sendable {
    /// A reply channel that the sender reads.
    public var channel: String
    /// For how long nobody may listen where the message waits before that is told, in milliseconds, 0 to a day; `nil`:
    /// any time.
    public var patience: Int?
    /// How often the message was delivered before, 0 to 1,000,000.
    public var times: Int
    /// Told again: 1 to 64 of A–Z a–z 0–9 - _ .
    public var note: String?

    public init(to channel: String, patience: Int? = nil, times: Int = 0, note: String? = nil) {
        self.channel = channel
        self.patience = patience
        self.times = times
        self.note = note
    }
}

/// What a broker tells the sender of a message that will not be done (PROTOCOL.md, S14).
package struct BrokerReport: Hashable, Sendable {
    package enum Why: String, Hashable, Sendable {
        case lost, nak, tries, away, expired, flushed, dead
        /// A reason of a later version.
        case other
    }

    package var why: Why
    /// Where the message was.
    package var channel: String
    /// How often it was delivered.
    package var times: Int
    package var note: String?
    /// What its holder has said.
    package var text: String?

    /// - Returns: `nil` when the message is none of these, which the first bytes tell.
    package init?(_ payload: Payload) {
        var reader = MessagePackReader(payload)
        guard let count = reader.map(), count >= 4, let key = reader.string(), reader.holds("type", at: key),
            let type = reader.string(), reader.holds("channel.report", at: type), let message = try? Message(payload)
        else { return nil }
        guard case .string(let why)? = message["why"], case .string(let channel)? = message["channel"] else {
            return nil
        }
        self.why = Why(rawValue: why) ?? .other
        self.channel = channel
        if case .int(let times)? = message["times"] { self.times = Int(times) } else { self.times = 0 }
        if case .string(let note)? = message["note"] { self.note = note }
        if case .string(let text)? = message["text"] { self.text = text }
    }
}

extension ChannelLayer {
    /// For layers that report nothing.
    public func sendReported(
        _ body: Payload, to channel: String, ifHeard: Bool, stream: String?, report: ReportTerms,
        answer: @escaping @Sendable (SendAnswer, Carrier) -> Void
    ) {
        self.sendCarried(body, to: channel, ifHeard: ifHeard, stream: stream, answer: answer)
    }
}
