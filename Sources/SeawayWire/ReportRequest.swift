/// What the sender of a message wants to be told when it will not be done (S14).
package struct ReportRequest: Hashable, Sendable {
    /// A reply channel.
    package let channel: Name
    /// Milliseconds for which nobody may listen where the message waits; `nil`: any time.
    package var patience: Int?
    /// How often the message was delivered before.
    package var times: Int
    /// Told again.
    package var note: String?

    /// A day.
    package static let longestPatience = 86_400_000
    package static let mostTimes = 1_000_000
    /// Bytes of a note, at most.
    package static let mostNoteBytes = 64

    package init(to channel: Name, patience: Int? = nil, times: Int = 0, note: String? = nil) {
        self.channel = channel
        self.patience = patience
        self.times = times
        self.note = note
    }

    /// Refuses what is for another channel than a normal one, and what is told elsewhere than on a reply channel.
    ///
    /// - Parameter form: of the message's channel.
    package func check(of form: NameForm) throws(WireRefusal) {
        guard form == .normal else { throw .option("Report is for messages to normal channels") }
        guard NameForm(self.channel.bytes.span)?.isReply == true else { throw .name(self.channel.bytes.span) }
    }
}

extension WireOptions {
    /// `nil` when nobody is to be told.
    var report: ReportRequest? {
        get throws(WireRefusal) {
            guard let text = self["Report"] else {
                guard self["Patience"] == nil, self["Times"] == nil, self["Note"] == nil else {
                    throw .option("Patience, Times and Note go with Report")
                }
                return nil
            }
            guard self["In"] == nil else { throw .option("In and Report exclude each other") }
            var (patience, times): (Int?, Int) = (nil, 0)
            if let text = self["Patience"] {
                guard let time = Decimal.parse(text, upTo: ReportRequest.longestPatience) else {
                    throw .option("Patience is 0 to \(ReportRequest.longestPatience) ms")
                }
                patience = time
            }
            if let text = self["Times"] {
                guard let count = Decimal.parse(text, upTo: ReportRequest.mostTimes) else {
                    throw .option("Times is 0 to \(ReportRequest.mostTimes)")
                }
                times = count
            }
            let note = self["Note"]
            if let note {
                guard note.utf8.count <= ReportRequest.mostNoteBytes, note.utf8.allSatisfy(Name.isNameByte) else {
                    throw .option("Note is 1 to \(ReportRequest.mostNoteBytes) of A-Z a-z 0-9 - _ .")
                }
            }
            // Looked at behind all options (A4).
            return ReportRequest(to: Name(checked: Array(text.utf8)), patience: patience, times: times, note: note)
        }
    }
}
