/// What a broker calls a message that it has given out and that is to be acknowledged (D9).
package struct DeliveryTag: Hashable, Sendable {
    /// Of a tag that this store has made; `nil` for any other, which stands for nothing here.
    package let number: UInt64?

    /// Bytes of a tag, at most.
    package static let mostBytes = 64

    package init(_ number: UInt64) { self.number = number }

    /// Reads 1 to 64 bytes of nchar; `nil` for anything else.
    package init?(_ word: Span<UInt8>) {
        guard (1...Self.mostBytes).contains(word.count) else { return nil }
        for index in 0..<word.count where !Name.isNameByte(word[index]) { return nil }
        self.number = Decimal.parse(word, upTo: .max).map(UInt64.init)
    }
}

/// How a message is given back (D11).
package struct GiveBack: Hashable, Sendable {
    /// Milliseconds until it is given out again; `nil`: more with each time.
    package var delay: Int?
    /// It is not to be given out again, but becomes a dead letter.
    package var isDead = false
    /// What stands with a dead letter, as it came.
    package var why: String?

    /// Bytes of ``why``, at most.
    package static let mostBytes = 255

    package init(delay: Int? = nil, isDead: Bool = false, why: String? = nil) {
        self.delay = delay
        self.isDead = isDead
        self.why = why
    }
}

/// What a sender asks for besides the bounds of its message (S11 to S13).
package struct SendTerms: Hashable, Sendable {
    /// Milliseconds before it may be delivered.
    package var delay: Int?
    /// Of several with the same key only the first counts.
    package var once: String?
    /// What is acknowledged with it.
    package var acknowledges: DeliveryTag?

    /// A day.
    package static let longestDelay = 86_400_000
    /// Bytes of a key, at most.
    package static let mostKeyBytes = 64

    package init(delay: Int? = nil, once: String? = nil, acknowledges: DeliveryTag? = nil) {
        self.delay = delay
        self.once = once
        self.acknowledges = acknowledges
    }
}

extension WireOptions {
    /// `nil` when nothing of the kind is asked for.
    var terms: SendTerms? {
        get throws(WireRefusal) {
            var terms = SendTerms()
            if let text = self["In"] {
                guard let delay = Self.milliseconds(text), delay > 0 else {
                    throw .option("In is 1 to \(SendTerms.longestDelay) ms")
                }
                terms.delay = delay
            }
            if let key = self["Once"] {
                guard key.utf8.count <= SendTerms.mostKeyBytes, key.utf8.allSatisfy(Name.isNameByte) else {
                    throw .option("Once is 1 to \(SendTerms.mostKeyBytes) of A-Z a-z 0-9 - _ .")
                }
                terms.once = key
            }
            if let text = self["Ack"] {
                let bytes = Array(text.utf8)
                guard let tag = DeliveryTag(bytes.span) else { throw .option("Ack is what stood behind ack= of a MSG") }
                terms.acknowledges = tag
            }
            return terms == SendTerms() ? nil : terms
        }
    }

    var giveBack: GiveBack {
        get throws(WireRefusal) {
            var giveBack = GiveBack(isDead: try self.flag("Dead"), why: self["Why"])
            if let text = self["In"] {
                guard let delay = Self.milliseconds(text) else {
                    throw .option("In is 0 to \(SendTerms.longestDelay) ms")
                }
                giveBack.delay = delay
            }
            guard giveBack.delay == nil || !giveBack.isDead else { throw .option("In and Dead exclude each other") }
            guard giveBack.why?.utf8.count ?? 0 <= GiveBack.mostBytes else {
                throw .option("Why has at most \(GiveBack.mostBytes) bytes")
            }
            return giveBack
        }
    }

    private static func milliseconds(_ text: String) -> Int? {
        let digits = Array(text.utf8)
        return Decimal.parse(digits.span, upTo: SendTerms.longestDelay)
    }
}
