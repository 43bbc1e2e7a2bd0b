import SeawayMessage

/// Writes the body of an answer piece by piece (I11).
///
/// At most one piece is under way, so that no later one overtakes a refused one. When the client is slow the pieces meet `full`
/// and are tried again.
public struct ResponseWriter: Sendable {
    /// How long a piece that meets `full` is tried again before the answer is given up.
    private static let patience = Duration.seconds(60)

    private let replyChannel: String
    private let layer: any ChannelLayer
    private let head: HTTPResponse
    /// Bytes of content in all pieces so far; `nil` before the first.
    private var offset: Int?

    init(replyChannel: String, layer: any ChannelLayer, head: HTTPResponse) {
        self.replyChannel = replyChannel
        self.layer = layer
        self.head = head
    }

    /// Sends one piece and waits until the broker has it.
    ///
    /// - Parameter content: about 65,536 bytes serve well; at most about 2 MiB.
    /// - Throws: ``WorkerError``: `refused` with `gone` when nobody reads the answer any more.
    public mutating func write(_ content: [UInt8]) async throws(WorkerError) {
        try await self.send(self.piece(content, moreContent: true))
        self.offset = (self.offset ?? 0) + content.count
    }

    public mutating func write(_ text: String) async throws(WorkerError) {
        try await self.write(Array(text.utf8))
    }

    mutating func finish() async throws(WorkerError) {
        try await self.send(self.piece([], moreContent: false))
    }

    /// Lets the server see a hole, so that it does not hand on a damaged answer as a whole one.
    func breakOff() async {
        guard let offset = self.offset else {
            try? await self.layer.send(HTTPResponse.text("Internal Server Error", status: 500).first([], moreContent: false), to: self.replyChannel)
            return
        }
        let hole: Message = ["content": .bytes([]), "offset": .int(Int64(offset) + 1)]
        try? await self.layer.send(hole, to: self.replyChannel)
    }

    private func piece(_ content: [UInt8], moreContent: Bool) -> Payload {
        guard let offset = self.offset else { return self.head.first(content, moreContent: moreContent) }
        var writer = MessagePackWriter(capacity: content.count + 48)
        writer.map(count: 3)
        writer.string("content" as StaticString)
        writer.bytes(content)
        writer.string("more_content" as StaticString)
        writer.bool(moreContent)
        writer.string("offset" as StaticString)
        writer.int(offset)
        return writer.finish()
    }

    private func send(_ piece: Payload) async throws(WorkerError) {
        let clock = ContinuousClock()
        let end = clock.now + Self.patience
        var wait = Duration.milliseconds(5)
        while true {
            do throws(WorkerError) {
                return try await self.layer.send(piece, to: self.replyChannel)
            } catch {
                guard error.refusal?.isFull == true, clock.now < end, !Task.isCancelled else { throw error }
            }
            try? await clock.sleep(for: wait)
            wait = min(wait * 2, .milliseconds(200))
        }
    }
}
