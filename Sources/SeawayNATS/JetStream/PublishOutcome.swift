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
        case .full: self = .full
        case .tooLarge: self = .tooLarge
        // It stands there when that one is stored: who was told it does not would not say it again.
        case .inProcess: self = .unknown(.silence)
        case .notNow, .noRoom, .notEnabled, .streamMissing: self = .notStored(refusal.description)
        case .consumerMissing, .exists, .messageMissing, .other: self = .refused(refusal)
        }
    }

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
