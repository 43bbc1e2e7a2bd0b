import SeawayMessage

/// What became of a message that was to be stored.
package enum PublishOutcome: Hashable, Sendable {
    /// A majority of its servers has it.
    ///
    /// - Parameter isRepeat: it was there already, by its `Nats-Msg-Id`.
    case stored(sequence: Int, isRepeat: Bool)
    /// Surely not stored: as much is stored as may be.
    case full
    /// Surely not stored; later it may be.
    case notStored(String)
    /// Surely not stored, and would not be later.
    case refused(JetStreamRefusal)
    case tooLarge
    /// Stored or not.
    case unknown(NATSDoubt)
    /// Stored or not: one server has refused it that had told the others to store it.
    case refusedByOne(JetStreamRefusal)

    package init(_ outcome: NATSOutcome) {
        switch outcome {
        case .noResponders: self = .notStored("no stream takes it")
        case .notSent(.tooLarge): self = .tooLarge
        case .notSent(let refusal): self = .notStored(refusal.description)
        case .unknown(let doubt): self = .unknown(doubt)
        case .answered(let message): self.init(answer: message)
        }
    }

    private init(answer: NATSMessage) {
        if let sequence = Self.plainSequence(answer.payload) {
            self = .stored(sequence: sequence, isRepeat: false)
            return
        }
        guard let map = Message.of(answer.payload) else {
            // Somebody else has answered: what the stream did is not known.
            self = .unknown(.silence)
            return
        }
        guard let refusal = JetStreamRefusal(map) else {
            self = map.int("seq").map { .stored(sequence: $0, isRepeat: map.bool("duplicate")) } ?? .unknown(.silence)
            return
        }
        switch refusal.kind {
        // It stands there when that one is stored: who was told it does not would not say it again.
        case .inProcess: self = .unknown(.silence)
        case _ where !refusal.isBeforeReplication: self = .refusedByOne(refusal)
        case .full: self = .full
        case .tooLarge: self = .tooLarge
        case .notNow, .noRoom, .notEnabled, .streamMissing: self = .notStored(refusal.description)
        case .consumerMissing, .exists, .messageMissing, .other: self = .refused(refusal)
        }
    }

    /// That of `{"stream":"NAME","seq":NUMBER}` and nothing else, by far the most frequent answer.
    static func plainSequence(_ bytes: [UInt8]) -> Int? {
        let (start, middle) = (Self.plainStart, Self.plainMiddle)
        guard bytes.count <= 512, bytes.starts(with: start), bytes.last == UInt8(ascii: "}"),
            let end = bytes[start.count...].firstIndex(where: { $0 == UInt8(ascii: "\"") || $0 == UInt8(ascii: "\\") })
        else { return nil }
        var rest = bytes[end...]
        guard rest.starts(with: middle) else { return nil }
        rest = rest.dropFirst(middle.count)
        var number = 0
        let digits = rest.dropLast()
        guard (1...18).contains(digits.count) else { return nil }
        for byte in digits {
            let digit = byte &- UInt8(ascii: "0")
            guard digit <= 9 else { return nil }
            number = number * 10 + Int(digit)
        }
        return number
    }

    private static let plainStart = Array("{\"stream\":\"".utf8)
    private static let plainMiddle = Array("\",\"seq\":".utf8)

    /// The headers of a message that is to be stored.
    ///
    /// - Parameters:
    ///   - stream: no other is to take it.
    ///   - once: stored once with that key within the stream's window.
    ///   - expiry: whole seconds, at least 1, after which it goes.
    package static func headers(stream: String, once: String? = nil, expiry: Int? = nil) -> NATSHeaders {
        var headers = NATSHeaders()
        headers.add("Nats-Expected-Stream", stream)
        if let once { headers.add("Nats-Msg-Id", once) }
        if let expiry { headers.add("Nats-TTL", "\(max(1, expiry))s") }
        return headers
    }
}
