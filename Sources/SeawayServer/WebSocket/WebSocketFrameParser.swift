package import NIOWebSocket

/// What stands in front of a frame's payload (RFC 6455, section 5.2).
package struct WebSocketFrameHead: Hashable, Sendable {
    package var isFinal: Bool
    /// RSV1, which permessage-deflate uses.
    package var isCompressed: Bool
    package var opcode: WebSocketOpcode
    /// Bytes.
    package var payloadLength: Int

    package init(isFinal: Bool, isCompressed: Bool, opcode: WebSocketOpcode, payloadLength: Int) {
        self.isFinal = isFinal
        self.isCompressed = isCompressed
        self.opcode = opcode
        self.payloadLength = payloadLength
    }
}

/// Finds the frames of a client in a byte stream; owns no bytes.
///
/// In place of NIO's decoder, which hands on whole frames only: a text must be refused at its first bad byte, in the
/// middle of a frame too (Autobahn 6.4.3 and 6.4.4), a frame that is too large at its head, and nothing is kept here
/// between two reads.
package struct WebSocketFrameParser: Sendable {
    package enum Step: Hashable, Sendable {
        /// Nothing can be decided yet: call again with the same bytes and more behind them.
        case needMoreBytes
        /// A frame begins: drop `length` bytes.
        case head(WebSocketFrameHead, length: Int)
        /// The next `count` bytes, maybe none, are payload: drop them after looking at them through the mask.
        case payload(count: Int, mask: WebSocketMask, isLast: Bool)
    }

    private enum State: Hashable, Sendable {
        case head
        case payload(left: Int, mask: WebSocketMask)
    }

    private var state = State.head

    package init() {}

    /// Looks at the unread bytes and says what they begin with.
    ///
    /// - Parameter unread: every byte received and not yet dropped, oldest first.
    /// - Throws: when the bytes cannot be a frame. The stream ends there: do not ask again.
    package mutating func step(_ unread: Span<UInt8>) throws(WebSocketFault) -> Step {
        switch self.state {
        case .head:
            return try self.head(unread)
        case .payload(let left, let mask):
            let count = min(left, unread.count)
            guard count > 0 || left == 0 else { return .needMoreBytes }
            self.state = count == left ? .head : .payload(left: left - count, mask: mask.advanced(by: count))
            return .payload(count: count, mask: mask, isLast: count == left)
        }
    }

    private mutating func head(_ unread: Span<UInt8>) throws(WebSocketFault) -> Step {
        guard unread.count >= 2 else { return .needMoreBytes }
        // A client that does not mask is seen before its length is: RFC 6455, section 5.1.
        guard unread[1] & 0x80 != 0 else { throw .notMasked }
        guard unread[0] & 0x30 == 0 else { throw .reservedBits }
        guard let opcode = WebSocketOpcode(encodedWebSocketOpcode: unread[0] & 0x0F) else { throw .reservedOpcode }
        let short = Int(unread[1] & 0x7F)
        let extended = short < 126 ? 0 : short == 126 ? 2 : 8
        guard unread.count >= 2 + extended + 4 else { return .needMoreBytes }
        let length = extended == 0 ? short : try self.length(unread.extracting(2..<2 + extended))
        let mask = WebSocketMask(unread.extracting(2 + extended..<2 + extended + 4))
        self.state = .payload(left: length, mask: mask)
        let head = WebSocketFrameHead(
            isFinal: unread[0] & 0x80 != 0, isCompressed: unread[0] & 0x40 != 0, opcode: opcode, payloadLength: length)
        return .head(head, length: 2 + extended + 4)
    }

    private func length(_ bytes: Span<UInt8>) throws(WebSocketFault) -> Int {
        var length: UInt64 = 0
        for place in 0..<bytes.count { length = length << 8 | UInt64(bytes[place]) }
        guard length >= (bytes.count == 2 ? 126 : 65_536), let length = Int(exactly: length) else {
            throw .lengthEncoding
        }
        return length
    }
}
