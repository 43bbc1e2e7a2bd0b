package import SeawayMessage

/// The fields by which a message finds its consumer, and its answer the way back; read in one pass.
package struct Envelope: Hashable, Sendable {
    package private(set) var replyChannel: String?
    package private(set) var method: String?
    package private(set) var path: String?
    /// Whether it names a channel on which its body comes in pieces.
    package private(set) var hasBodyChannel = false
    /// Whether all logs have a name for it (INTERFACE.md, I82).
    package private(set) var isNamed = false

    /// - Parameter payload: what is malformed in it, or of another type, counts as absent; of a key that stands twice
    ///   the last counts (V2).
    package init(_ payload: Payload) {
        var reader = MessagePackReader(payload)
        guard let count = reader.map() else { return }
        for _ in 0..<count {
            guard let key = reader.string() else { return }
            let value = reader
            guard reader.skip() else { return }
            if reader.holds("path", at: key) {
                self.path = Self.text(value, payload)
            } else if reader.holds("method", at: key) {
                self.method = Self.text(value, payload)
            } else if reader.holds("reply_channel", at: key) {
                self.replyChannel = Self.text(value, payload)
            } else if reader.holds("body_channel", at: key) {
                self.hasBodyChannel = true
            } else if reader.holds("request_id", at: key) {
                self.isNamed = true
            }
        }
    }

    private static func text(_ reader: MessagePackReader, _ payload: Payload) -> String? {
        var reader = reader
        return reader.string().map { String(decoding: payload.messagePack[$0], as: UTF8.self) }
    }
}
