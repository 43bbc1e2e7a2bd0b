import SeawayMessage

/// One call of JetStream's interface: where it goes, what it says, and how its answer is read.
package struct JetStreamCall<Answer>: Sendable {
    package let subject: String
    package let payload: [UInt8]
    private let reader: @Sendable (NATSMessage) -> Answer?
    /// Whether what is answered is no message of JetStream but whatever was stored.
    private let isRaw: Bool

    /// - Parameters:
    ///   - name: behind `$JS.API.`.
    ///   - body: empty: nothing is said.
    ///   - reader: `nil` for an answer that cannot be read.
    init(_ name: String, _ body: Message = Message(), reader: @escaping @Sendable (Message) -> Answer?) {
        self.init(name, body, isRaw: false) { answer in Message.of(answer.payload).flatMap(reader) }
    }

    init(raw name: String, _ body: Message = Message(), reader: @escaping @Sendable (NATSMessage) -> Answer?) {
        self.init(name, body, isRaw: true, reader)
    }

    private init(_ name: String, _ body: Message, isRaw: Bool, _ reader: @escaping @Sendable (NATSMessage) -> Answer?) {
        self.subject = "$JS.API.\(name)"
        self.payload = body.isEmpty ? [] : Array(body.json.utf8)
        self.reader = reader
        self.isRaw = isRaw
    }

    /// What an outcome means.
    package func read(_ outcome: NATSOutcome) throws(JetStreamFault) -> Answer {
        switch outcome {
        case .answered(let message):
            if !self.isRaw, let map = Message.of(message.payload), let refusal = JetStreamRefusal(map) {
                throw .refused(refusal)
            }
            if let status = message.headers.status, status >= 300 {
                // What is looked up directly answers by headers alone.
                let number = status == 404 ? 10_037 : 0
                throw .refused(JetStreamRefusal(code: status, number: number, text: message.headers.text))
            }
            guard let answer = self.reader(message) else { throw .unreadable }
            return answer
        case .noResponders: throw .noResponders
        case .notSent(let refusal): throw .notSent(refusal)
        case .unknown(let doubt): throw .unknown(doubt)
        }
    }
}

extension Message {
    /// JSON of a server; `nil` for anything else.
    static func of(_ json: [UInt8]) -> Message? {
        json.first == UInt8(ascii: "{") ? try? Message(json: String(decoding: json, as: UTF8.self)) : nil
    }

    func int(_ key: String) -> Int? { self[key]?.int.map { Int($0) } }
    func string(_ key: String) -> String? { self[key]?.string }
    func bool(_ key: String) -> Bool { self[key]?.bool ?? false }
}

/// Times on JetStream's wire are nanoseconds; here they are milliseconds.
enum Nanoseconds {
    static func value(milliseconds: Int) -> Value { .int(Int64(clamping: milliseconds) &* 1_000_000) }
    static func milliseconds(_ value: Int?) -> Int { (value ?? 0) / 1_000_000 }
}
