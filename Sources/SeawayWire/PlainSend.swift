/// A whole `SEND :SIZE CHANNEL` frame and nothing else in its line: by far the most frequent frame, found in one pass.
///
/// Anything else, and all that is not in order, is left to ``FrameParser`` and ``Request``, which say what it is.
package struct PlainSend: Sendable {
    /// The channel's place.
    package let channel: Range<Int>
    package let form: NameForm
    package let body: Range<Int>
    /// Bytes of the whole frame.
    package let length: Int

    /// - Parameter unread: bytes at the beginning of a frame.
    @inline(__always)
    package init?(_ unread: Span<UInt8>, limits: WireLimits) {
        let count = unread.count
        guard count > 10, unread.extracting(..<6).equals("SEND :") else { return nil }
        var position = 6
        var size = 0
        while position < 16, position < count, case let digit = unread[position] &- UInt8(ascii: "0"), digit <= 9 {
            size = size * 10 + Int(digit)
            position += 1
        }
        guard position < count, unread[position] == UInt8(ascii: " "), size <= limits.maxBody,
            unread[6] != UInt8(ascii: "0")
        else { return nil }
        let start = position + 1
        guard let (end, form) = Self.name(unread, from: start), form.isChannel else { return nil }
        let length = end + 1 + size + 1
        guard length <= count, unread[length - 1] == UInt8(ascii: "\n") else { return nil }
        self.channel = start..<end
        self.form = form
        self.body = end + 1..<end + 1 + size
        self.length = length
    }

    /// A legal name that ends with the line.
    @inline(__always)
    private static func name(_ unread: Span<UInt8>, from start: Int) -> (end: Int, form: NameForm)? {
        let most = min(unread.count, start + Name.maxLength + 1)
        var end = start
        while end < most, unread[end] > UInt8(ascii: " ") { end += 1 }
        guard end < most, unread[end] == UInt8(ascii: "\n"), let form = NameForm(unread.extracting(start..<end)) else {
            return nil
        }
        return (end, form)
    }
}
