import SeawayMessage

/// The fields by which a message finds its consumer and its answer the way back, read in one pass.
struct Envelope: Hashable, Sendable {
    private(set) var replyChannel: String?
    private(set) var method: String?
    private(set) var path: String?

    /// - Parameter payload: what is malformed in it, or of another type, counts as absent.
    init(_ payload: Payload) {
        var reader = MessagePackReader(payload)
        guard let count = reader.map() else { return }
        for _ in 0..<count {
            guard let key = reader.string() else { return }
            // A value of another type is passed over, which the first attempt cannot do.
            var attempt = reader
            let text = attempt.string().map { String(decoding: payload.messagePack[$0], as: UTF8.self) }
            if reader.holds("reply_channel", at: key) {
                self.replyChannel = text
            } else if reader.holds("method", at: key) {
                self.method = text
            } else if reader.holds("path", at: key) {
                self.path = text
            }
            guard reader.skip() else { return }
        }
    }
}
