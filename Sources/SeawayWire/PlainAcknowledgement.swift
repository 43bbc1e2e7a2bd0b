/// A whole `ACK CHANNEL ID …` line and nothing else, by far the most frequent request of who acknowledges.
///
/// Anything else, and all that is not in order, is left to ``FrameParser`` and ``Request``, which say what it is.
package struct PlainAcknowledgement: Sendable {
    /// The channel's place.
    package let channel: Range<Int>
    /// That of all tags, with a space between two.
    package let tags: Range<Int>
    /// Bytes of the whole frame.
    package let length: Int

    /// - Parameter unread: bytes at the beginning of a frame.
    @inline(__always)
    package init?(_ unread: Span<UInt8>, limits: WireLimits) {
        guard unread.count > 7, unread.extracting(..<4).equals("ACK ") else { return nil }
        let most = min(unread.count, limits.maxLine + 1)
        var end = 4
        var start = 4
        var position = 4
        while position < most, unread[position] != UInt8(ascii: "\n") {
            let byte = unread[position]
            if byte == UInt8(ascii: " ") {
                // Two in a row, or one at the end, are no plain line.
                guard unread[position - 1] != byte else { return nil }
                if end == 4 { end = position }
                start = position + 1
            } else if end > 4 {
                // A tag as this store writes it.
                guard byte &- UInt8(ascii: "0") <= 9, position - start < 19,
                    position > start || byte != UInt8(ascii: "0")
                else { return nil }
            }
            position += 1
        }
        guard position < most, end > 4, unread[position - 1] != UInt8(ascii: " "),
            case .normal? = NameForm(unread.extracting(4..<end))
        else { return nil }
        self.channel = 4..<end
        self.tags = end + 1..<position
        self.length = position + 1
    }

    /// Calls `body` with each tag.
    ///
    /// - Parameter unread: the same bytes.
    @inline(__always)
    package func forEachTag(_ unread: Span<UInt8>, _ body: (DeliveryTag) -> Void) {
        // Of 19 digits none is too large.
        var number: UInt64 = 0
        for position in self.tags {
            let byte = unread[position]
            if byte == UInt8(ascii: " ") {
                body(DeliveryTag(number))
                number = 0
            } else {
                number = number &* 10 &+ UInt64(byte &- UInt8(ascii: "0"))
            }
        }
        body(DeliveryTag(number))
    }
}
