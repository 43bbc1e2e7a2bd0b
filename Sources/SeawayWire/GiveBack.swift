/// How a message is given back (D11).
package struct GiveBack: Hashable, Sendable {
    /// Milliseconds until it is delivered again; `nil`: more with each time.
    package var delay: Int?
    /// It is not to be delivered again, but becomes a dead letter.
    package var isDead = false
    /// Nobody has begun with it: this time is not counted.
    package var isUnbegun = false
    /// What stands with a dead letter, as it came.
    package var why: String?

    /// Bytes of ``why``, at most.
    package static let mostBytes = 255

    package init(delay: Int? = nil, isDead: Bool = false, isUnbegun: Bool = false, why: String? = nil) {
        self.delay = delay
        self.isDead = isDead
        self.isUnbegun = isUnbegun
        self.why = why
    }
}

extension WireOptions {
    var giveBack: GiveBack {
        get throws(WireRefusal) {
            var giveBack = GiveBack(isDead: try self.flag("Dead"), why: self["Why"])
            if let text = self["begun"] {
                guard text == "0" else { throw .option("begun is 0, or not there") }
                giveBack.isUnbegun = true
            }
            if let text = self["In"] {
                guard let delay = Decimal.parse(text, upTo: SendTerms.longestDelay) else {
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
}
