package import SeawayMessage

/// What JetStream answers when it does not do something.
package struct JetStreamRefusal: Error, Hashable, Sendable, CustomStringConvertible {
    /// What follows from it, where that is known.
    package enum Kind: Hashable, Sendable {
        /// As many messages or bytes are stored as may be.
        case full
        /// It was not stored, now; later it may be.
        case notNow
        case streamMissing
        case consumerMissing
        /// There is one of that name with another configuration.
        case exists
        case notEnabled
        /// The account or its servers have no room for what is to be made.
        case noRoom
        case messageMissing
        /// A message with the same `Nats-Msg-Id` is being stored, of which is not known yet what becomes of it.
        case inProcess
        case tooLarge
        case other
    }

    /// As of HTTP: 400, 404, 503.
    package var code: Int
    /// The error's own number, as of `errors.json` of the server.
    package var number: Int
    package var text: String

    package init(code: Int, number: Int, text: String) {
        self.code = code
        self.number = number
        self.text = text
    }

    /// - Returns: `nil` for an answer without an error.
    package init?(_ answer: Message) {
        guard let error = answer["error"]?.map else { return nil }
        self.init(
            code: Int(clamping: error["code"]?.int ?? 0), number: Int(clamping: error["err_code"]?.int ?? 0),
            text: error["description"]?.string ?? "no reason given")
    }

    package var kind: Kind {
        switch self.number {
        // Any failure to store has this number; only the words tell which.
        case 10_077: Self.fullWords.contains { self.text.contains($0) } ? .full : .notNow
        case 10_008, 10_004, 10_009, 10_007: .notNow
        case 10_059: .streamMissing
        case 10_014: .consumerMissing
        case 10_058, 10_148, 10_013, 10_105: .exists
        case 10_076, 10_039: .notEnabled
        case 10_002, 10_005, 10_023, 10_028, 10_047: .noRoom
        case 10_037: .messageMissing
        // Any failure to remove a message has this number.
        case 10_057: self.text.contains("no message found") ? .messageMissing : .notNow
        case 10_158: .inProcess
        case 10_054: .tooLarge
        default: self.code == 503 ? .notNow : .other
        }
    }

    /// Whether the leader of a stream says so before it replicates a message: none of the others has it then.
    ///
    /// What it says later is about its own copy alone. So a new leader whose sequence is behind that of the others
    /// refuses one message after the other (10063) which they keep, and which are delivered when it has given way.
    package var isBeforeReplication: Bool {
        switch self.number {
        case 10_077: self.kind == .full
        case 10_008, 10_009, 10_039, 10_054, 10_059, 10_060, 10_076, 10_097, 10_165, 10_166, 10_167: true
        default: false
        }
    }

    private static let fullWords = [
        "maximum messages per subject exceeded", "maximum messages exceeded", "maximum bytes exceeded",
    ]

    package var description: String { "\(self.text) (\(self.number))" }
}

/// Why a call has no answer.
package enum JetStreamFault: Error, Hashable, Sendable, CustomStringConvertible {
    case refused(JetStreamRefusal)
    /// Nobody answers calls there: JetStream is not enabled, or the call is not allowed.
    case noResponders
    case notSent(NATSRefusal)
    /// Done or not: what only looks may be called again.
    case unknown(NATSDoubt)
    case unreadable

    /// There is no such message there.
    var isMissing: Bool {
        if case .refused(let refusal) = self { refusal.kind == .messageMissing } else { false }
    }

    package var description: String {
        switch self {
        case .refused(let refusal): refusal.description
        case .noResponders: "nobody answers: JetStream is not enabled there, or not for this account"
        case .notSent(let refusal): refusal.description
        case .unknown(.silence): "no answer in time"
        case .unknown(.connectionLost): "the connection was lost before the answer came"
        case .unreadable: "the answer cannot be read"
        }
    }
}
