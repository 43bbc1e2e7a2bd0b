public import SeawayMessage

/// The answer to an HTTP request: whole, or written piece by piece.
public struct HTTPResponse: Sendable {
    enum Content: Sendable {
        case whole([UInt8])
        case stream(@Sendable (inout ResponseWriter) async throws -> Void)
    }

    /// 200 to 599.
    public var status: Int
    /// In their order; `content-length` and what else is the server's own is left out there (I13).
    public var headers: [(name: String, value: String)]
    let content: Content

    /// - Parameter content: the whole body, at most about 2 MiB (the broker's `max-body`).
    public init(status: Int = 200, headers: [(name: String, value: String)] = [], content: [UInt8] = []) {
        self.status = status
        self.headers = headers
        self.content = .whole(content)
    }

    private init(status: Int, headers: [(name: String, value: String)], _ content: Content) {
        self.status = status
        self.headers = headers
        self.content = content
    }

    /// UTF-8 text.
    public static func text(_ text: String, status: Int = 200) -> HTTPResponse {
        HTTPResponse(
            status: status, headers: [("content-type", "text/plain; charset=utf-8")], content: Array(text.utf8))
    }

    public static func html(_ text: String, status: Int = 200) -> HTTPResponse {
        HTTPResponse(status: status, headers: [("content-type", "text/html; charset=utf-8")], content: Array(text.utf8))
    }

    /// A message as JSON, written as the wire writes it.
    public static func json(_ message: Message, status: Int = 200) -> HTTPResponse {
        HTTPResponse(status: status, headers: [("content-type", "application/json")], content: Array(message.json.utf8))
    }

    public static func redirect(to location: String, status: Int = 303) -> HTTPResponse {
        HTTPResponse(status: status, headers: [("location", location)])
    }

    /// A body that is sent as it is made; each ``ResponseWriter/write(_:)`` waits until the broker has the piece.
    public static func stream(
        status: Int = 200, headers: [(name: String, value: String)] = [],
        _ write: @escaping @Sendable (inout ResponseWriter) async throws -> Void
    ) -> HTTPResponse {
        HTTPResponse(status: status, headers: headers, .stream(write))
    }

    func send(to replyChannel: String, _ layer: any ChannelLayer) async throws(WorkerError) {
        switch self.content {
        case .whole(let bytes):
            try await layer.send(self.first(bytes, moreContent: false), to: replyChannel)
        case .stream(let write):
            var writer = ResponseWriter(replyChannel: replyChannel, layer: layer, head: self)
            do {
                try await write(&writer)
            } catch let error as WorkerError {
                throw error
            } catch {
                // Without a last piece the server would wait for one: this breaks the answer off (I12).
                await writer.breakOff()
                throw WorkerError(.refused, name: replyChannel, refusal: Refusal(code: "thrown", text: "\(error)"))
            }
            try await writer.finish()
        }
    }

    /// The first message of the answer (INTERFACE.md, section 3).
    func first(_ content: [UInt8], moreContent: Bool) -> Payload {
        var writer = MessagePackWriter(capacity: content.count + 64 + self.headers.count * 48)
        writer.map(count: moreContent ? 4 : 3)
        writer.string("status" as StaticString)
        writer.int(self.status)
        writer.string("headers" as StaticString)
        writer.list(count: self.headers.count)
        for (name, value) in self.headers {
            writer.list(count: 2)
            writer.string(name)
            writer.string(value)
        }
        writer.string("content" as StaticString)
        writer.bytes(content)
        if moreContent {
            writer.string("more_content" as StaticString)
            writer.bool(true)
        }
        return writer.finish()
    }
}
