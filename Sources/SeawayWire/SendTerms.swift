/// What a sender asks for besides the bounds of its message (S11 to S14).
package struct SendTerms: Hashable, Sendable {
    /// Milliseconds before it may be delivered.
    package var delay: Int?
    /// Of several with the same key only the first counts.
    package var once: String?
    /// What is acknowledged with it.
    package var acknowledges: DeliveryTag?
    /// What it wants to be told.
    package var report: ReportRequest?

    /// A day.
    package static let longestDelay = 86_400_000
    /// Bytes of a key, at most.
    package static let mostKeyBytes = 64

    package init(
        delay: Int? = nil, once: String? = nil, acknowledges: DeliveryTag? = nil, report: ReportRequest? = nil
    ) {
        self.delay = delay
        self.once = once
        self.acknowledges = acknowledges
        self.report = report
    }
}

extension WireOptions {
    /// `nil` when nothing of the kind is asked for.
    var terms: SendTerms? {
        get throws(WireRefusal) {
            var terms = SendTerms()
            if let text = self["In"] {
                guard let delay = Decimal.parse(text, upTo: SendTerms.longestDelay), delay > 0 else {
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
            terms.report = try self.report
            return terms == SendTerms() ? nil : terms
        }
    }
}
