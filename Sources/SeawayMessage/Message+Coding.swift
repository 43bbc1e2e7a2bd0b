extension Message {
    /// Decodes a message.
    ///
    /// - Throws: ``MessageError`` when the bytes are not exactly one map that the wire allows (V1–V7).
    public init(_ payload: Payload) throws(MessageError) {
        var reader = MessagePackReader(payload)
        guard case .map(let message)? = reader.value(), reader.isAtEnd else { throw MessageError(.messagePack) }
        self = message
    }

    /// The message in MessagePack, in the shortest forms (V11).
    ///
    /// A double that is not finite, or nesting beyond 64, is encoded as it is; a broker refuses it.
    public var payload: Payload {
        var writer = MessagePackWriter()
        writer.map(self)
        return writer.finish()
    }

    /// Reads a message from JSON text.
    ///
    /// `{"$bytes":"<base64>"}` stands for bytes, a number without `.`, `e` or `E` for an integer (V4, V8, V9).
    ///
    /// - Throws: ``MessageError`` when the text is not exactly one map that the wire allows (V1–V9).
    public init(json: String) throws(MessageError) {
        var json = json
        let messagePack = json.withUTF8 { Translation.messagePack(fromJSON: $0.span) }
        guard !messagePack.isEmpty else { throw MessageError(.json) }
        try self.init(Payload(messagePack: messagePack))
    }

    /// The message in JSON, without white space (V8–V12): bytes that are well-formed UTF-8 become a string, others
    /// `{"$bytes":"<base64>"}`.
    ///
    /// Empty for a message that no broker accepts: one with a double that is not finite, or nested more than 64 deep.
    public var json: String {
        String(decoding: Translation.json(fromMessagePack: self.payload.messagePack.span), as: UTF8.self)
    }
}
