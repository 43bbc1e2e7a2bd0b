import SeawayStore
import SeawayWire

/// What stands beside a body in the engine: its format, how long it is kept, and why it is a dead letter.
enum StoredHeaders {
    private static let format = "Seaway-Format"
    private static let cause = "Seaway-Dead"
    private static let times = "Seaway-Tries"
    private static let since = "Seaway-Since"
    private static let why = "Seaway-Why"
    /// Milliseconds that it has from when it is due.
    private static let expiry = "Seaway-Expiry"

    /// JSON is not said.
    static func add(_ format: BodyFormat, to headers: inout NATSHeaders) {
        if format != .json { headers.add(Self.format, format.rawValue) }
    }

    static func format(_ message: NATSMessage) -> BodyFormat {
        if NATSHeaders.hasLine("Seaway-Format: msgpack", message.block) { return .messagePack }
        return NATSHeaders.mentions("Seaway-Format", message.block) ? self.format(message.headers) : .json
    }

    static func format(_ headers: NATSHeaders) -> BodyFormat {
        headers.fields.isEmpty ? .json : headers[Self.format].flatMap { BodyFormat(rawValue: $0) } ?? .json
    }

    static func add(_ death: StoreDeath, to headers: inout NATSHeaders) {
        headers.add(Self.cause, death.cause)
        headers.add(Self.times, "\(death.times)")
        headers.add(Self.since, "\(death.at)")
        if let why = death.why { headers.add(Self.why, why) }
    }

    /// - Returns: `nil` for none, and for one that could not be told on the wire: anybody may have written it.
    static func death(_ headers: NATSHeaders) -> StoreDeath? {
        guard !headers.fields.isEmpty, let cause = headers[Self.cause], cause == "tries" || cause == "nak" else {
            return nil
        }
        let why = headers[Self.why].flatMap { why in
            (1...255).contains(why.utf8.count) && why.utf8.allSatisfy { (0x21...0x7E).contains($0) } ? why : nil
        }
        return StoreDeath(
            cause: cause, times: max(1, headers[Self.times].flatMap { Int($0) } ?? 1),
            at: max(0, headers[Self.since].flatMap { Int($0) } ?? 0), why: why)
    }

    /// Whole seconds, as servers have it: never less than was asked for.
    static func seconds(_ milliseconds: Int?) -> Int? { milliseconds.map { max(1, ($0 + 999) / 1_000) } }

    /// Of a message that is to be delivered at a time.
    static func later(
        _ format: BodyFormat, _ terms: StoreTerms, at time: Int, target: String, stream: String, once: String?
    ) -> NATSHeaders {
        var headers = PublishOutcome.headers(stream: stream, once: once)
        headers.add("Nats-Schedule", "@at \(WallClock.text(time))")
        headers.add("Nats-Schedule-Target", target)
        if let expiry = terms.expiry { headers.add(Self.expiry, "\(expiry)") }
        self.add(format, to: &headers)
        return headers
    }

    /// Of a message that is due, on its way to its channel.
    ///
    /// - Parameter id: what makes it come there once.
    static func moved(_ headers: NATSHeaders, to stream: String, id: String) -> NATSHeaders {
        let expiry = Self.seconds(headers[Self.expiry].flatMap { Int($0) })
        var moved = PublishOutcome.headers(stream: stream, once: id, expiry: expiry)
        self.add(Self.format(headers), to: &moved)
        return moved
    }

    /// A dead letter, from the message that it was.
    static func dead(_ headers: NATSHeaders, _ death: StoreDeath, to stream: String, id: String) -> NATSHeaders {
        var dead = PublishOutcome.headers(stream: stream, once: id)
        self.add(Self.format(headers), to: &dead)
        self.add(death, to: &dead)
        return dead
    }
}

extension StoreSendOutcome {
    /// - Parameter most: how many messages may stand on the channel.
    init(_ outcome: PublishOutcome, most: Int) {
        self =
            switch outcome {
            case .stored(_, isRepeat: false): .stored
            case .stored(_, isRepeat: true): .repeated
            case .full: .full(most: most)
            case .notStored(let words): .failed(.unavailable(words))
            case .refused(let refusal): .failed(.unsupported(refusal.description))
            case .tooLarge: .failed(.unsupported("it is larger than max_payload of the NATS servers allows"))
            case .unknown, .refusedByOne: .failed(.unknown)
            }
    }
}

extension StoreFault {
    /// Why something that may be asked again was not done.
    init(_ fault: JetStreamFault) {
        switch fault {
        case .refused(let refusal):
            switch refusal.kind {
            case .inProcess: self = .unknown
            case .notNow, .noRoom, .streamMissing, .consumerMissing, .full: self = .unavailable(refusal.description)
            case .exists, .notEnabled, .messageMissing, .tooLarge, .other: self = .unsupported(refusal.description)
            }
        case .noResponders, .notSent: self = .unavailable(fault.description)
        case .unknown: self = .unknown
        case .unreadable: self = .unsupported(fault.description)
        }
    }
}
