/// A whole `SEND :SIZE CHANNEL` frame with `Ack`, or `Here`, `Report`, `Patience` and `Times`, behind it: as requests
/// and their answers are sent, found in one pass and without an allocation.
///
/// Anything else, and all that is not in order, is left to ``FrameParser`` and ``Request``, which say what it is.
package struct PlainSendOnTerms {
    /// The channel's place.
    package private(set) var channel = 0..<0
    package private(set) var form = NameForm.normal
    package private(set) var body = 0..<0
    /// Bytes of the whole frame.
    package private(set) var length = 0
    package private(set) var ifHeard = false
    package private(set) var acknowledges: DeliveryTag?
    /// The place of the channel on which its sender is to be told; empty: nobody is.
    package private(set) var report = 0..<0
    package private(set) var patience: Int?
    private var givenTimes: Int?

    /// How often it was delivered before.
    package var times: Int { self.givenTimes ?? 0 }

    private static let longestOption = "Report=".utf8.count + Name.maxLength

    /// - Parameter unread: bytes at the beginning of a frame that is no ``PlainSend``.
    package init?(_ unread: Span<UInt8>, limits: WireLimits) {
        guard unread.count > 12, unread.extracting(..<6).equals("SEND :"), unread[6] != UInt8(ascii: "0"),
            let sizeEnd = Self.wordEnd(unread, from: 6, most: 16),
            let size = Decimal.parse(unread.extracting(6..<sizeEnd), upTo: limits.maxBody),
            let channelEnd = Self.wordEnd(unread, from: sizeEnd + 1, most: Name.maxLength),
            let form = NameForm(unread.extracting(sizeEnd + 1..<channelEnd)), form.isChannel
        else { return nil }
        self.channel = sizeEnd + 1..<channelEnd
        self.form = form
        var position = channelEnd
        while unread[position] == UInt8(ascii: " ") {
            guard let end = Self.wordEnd(unread, from: position + 1, most: Self.longestOption),
                self.take(unread, position + 1..<end)
            else { return nil }
            position = end
        }
        self.body = position + 1..<position + 1 + size
        self.length = position + 1 + size + 1
        guard position <= limits.maxLine, self.length <= unread.count, unread[self.length - 1] == UInt8(ascii: "\n"),
            self.report.isEmpty ? self.patience == nil && self.givenTimes == nil : form == .normal
        else { return nil }
    }

    /// Where the space or the LF behind a word stands; `nil` when it is longer, or not all here.
    @inline(__always)
    private static func wordEnd(_ unread: Span<UInt8>, from start: Int, most: Int) -> Int? {
        let last = min(unread.count, start + most + 1)
        var end = start
        while end < last, unread[end] > UInt8(ascii: " ") { end += 1 }
        guard end < last, unread[end] == UInt8(ascii: " ") || unread[end] == UInt8(ascii: "\n") else { return nil }
        return end
    }

    /// - Returns: whether it is one of the five, in order, and there for the first time.
    private mutating func take(_ unread: Span<UInt8>, _ range: Range<Int>) -> Bool {
        let word = unread.extracting(range)
        guard word.count > 4 else { return false }
        switch word[0] {
        case UInt8(ascii: "R"):
            guard word.count > 7, word.extracting(..<7).equals("Report="), self.report.isEmpty,
                case .reply? = NameForm(word.extracting(7...))
            else { return false }
            self.report = range.lowerBound + 7..<range.upperBound
        case UInt8(ascii: "P"):
            guard word.count > 9, word.extracting(..<9).equals("Patience="), self.patience == nil else { return false }
            self.patience = Decimal.parse(word.extracting(9...), upTo: ReportRequest.longestPatience)
            return self.patience != nil
        case UInt8(ascii: "A"):
            guard word.extracting(..<4).equals("Ack="), self.acknowledges == nil else { return false }
            self.acknowledges = DeliveryTag(word.extracting(4...))
            return self.acknowledges != nil
        case UInt8(ascii: "T"):
            guard word.count > 6, word.extracting(..<6).equals("Times="), self.givenTimes == nil else { return false }
            self.givenTimes = Decimal.parse(word.extracting(6...), upTo: ReportRequest.mostTimes)
            return self.givenTimes != nil
        default:
            guard word.equals("Here=1"), !self.ifHeard else { return false }
            self.ifHeard = true
        }
        return true
    }
}
