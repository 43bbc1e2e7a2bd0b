import NIOCore

/// What a Close frame says (RFC 6455, section 5.5.1).
package struct WebSocketClose: Hashable, Sendable {
    package var code: WebSocketCloseCode
    /// At most 123 bytes of UTF-8.
    package var reason: String

    /// For sending.
    ///
    /// - Parameters:
    ///   - code: one that may not be sent becomes 1011.
    ///   - reason: cut to what fits, at the border of a character.
    package init(code: WebSocketCloseCode, reason: String) {
        self.code = code.mayBeSent ? code : .internalError
        var rest = reason.unicodeScalars
        while rest.reduce(0, { $0 + UTF8.width($1) }) > 123 { rest.removeLast() }
        self.reason = String(rest)
    }

    /// For telling, where nothing of it is on the wire.
    package init(unsent code: WebSocketCloseCode) {
        self.code = code
        self.reason = ""
    }

    /// Reads a payload; `nil` when it is empty.
    init?(_ payload: ByteBuffer) throws(WebSocketFault) {
        guard payload.readableBytes > 0 else { return nil }
        var rest = payload
        guard let number = rest.readInteger(as: UInt16.self) else { throw .closeLength }
        self.code = WebSocketCloseCode(rawValue: number)
        guard self.code.mayBeSent else { throw .closeCode }
        var text = UTF8Stream()
        guard text.take(rest.readableBytesUInt8Span), text.isComplete else { throw .notUTF8 }
        self.reason = String(buffer: rest)
    }
}
