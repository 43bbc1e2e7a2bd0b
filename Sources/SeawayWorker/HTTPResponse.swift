public import SeawayMessage

/// The answer to an HTTP request: whole, or written piece by piece (INTERFACE.md, section 3).
public struct HTTPResponse: Sendable {
    enum Content: Sendable {
        case bytes([UInt8])
        /// Written as UTF-8, without a copy in between.
        case text(String)
        case stream(@Sendable (inout ResponseWriter) async throws -> Void)
    }

    /// 200 to 599.
    public var status: Int
    /// In their order; what is the server's own is left out there, `content-length` too unless the content comes in
    /// pieces (I13).
    public var headers: [(name: String, value: String)]
    let content: Content

    /// - Parameters:
    ///   - status: 200 to 599.
    ///   - headers: in their order.
    ///   - content: the whole body, of any size; one over 262,144 bytes leaves in pieces.
    public init(status: Int = 200, headers: [(name: String, value: String)] = [], content: [UInt8] = []) {
        self.init(status: status, headers: headers, .bytes(content))
    }

    private init(status: Int, headers: [(name: String, value: String)], _ content: Content) {
        self.status = status
        self.headers = headers
        self.content = content
    }

    /// UTF-8 text.
    public static func text(_ text: String, status: Int = 200) -> HTTPResponse {
        HTTPResponse(status: status, headers: [("content-type", "text/plain; charset=utf-8")], .text(text))
    }

    /// A page of HTML, as it is.
    public static func html(_ text: String, status: Int = 200) -> HTTPResponse {
        HTTPResponse(status: status, headers: [("content-type", "text/html; charset=utf-8")], .text(text))
    }

    /// A message as JSON, written as the wire writes it.
    public static func json(_ message: Message, status: Int = 200) -> HTTPResponse {
        HTTPResponse(status: status, headers: [("content-type", "application/json")], .text(message.json))
    }

    /// `See Other`, unless told otherwise.
    public static func redirect(to location: String, status: Int = 303) -> HTTPResponse {
        HTTPResponse(status: status, headers: [("location", location)])
    }

    /// A body that is sent as it is made; each ``ResponseWriter/write(_:)-([UInt8])`` waits until the broker has the
    /// piece.
    ///
    /// - Parameters:
    ///   - status: 200 to 599.
    ///   - headers: in their order.
    ///   - write: makes the body; what it throws breaks the answer off, so that no client takes it for whole.
    public static func stream(
        status: Int = 200, headers: [(name: String, value: String)] = [],
        _ write: @escaping @Sendable (inout ResponseWriter) async throws -> Void
    ) -> HTTPResponse {
        HTTPResponse(status: status, headers: headers, .stream(write))
    }

}

/// What a worker answers by itself.
extension HTTPResponse {
    static let failure = HTTPResponse.text("Internal Server Error\n", status: 500)
    static let contentTooLarge = HTTPResponse.text("Content Too Large\n", status: 413)
    static let badRequest = HTTPResponse.text("Bad Request\n", status: 400)
    static let notFound = HTTPResponse.text("Not Found\n", status: 404)

    static func methodNotAllowed(_ allowed: Set<String>) -> HTTPResponse {
        var response = HTTPResponse.text("Method Not Allowed\n", status: 405)
        response.headers.append(("allow", allowed.sorted().joined(separator: ", ")))
        return response
    }
}

/// How an answer leaves.
enum Departure: Sendable {
    /// In one message.
    case whole(Payload)
    case stream(@Sendable (inout ResponseWriter) async throws -> Void)
}

extension HTTPResponse {
    /// Beyond this a body is sent in pieces: a message of any size needs its whole room in the channel at once.
    private static let mostWhole = 262_144

    /// - Parameter mark: who has made it, where that is to be told.
    func departure(_ mark: WorkMark?) -> Departure {
        switch self.content {
        case .bytes(let bytes) where bytes.count > Self.mostWhole: .stream { try await $0.write(bytes) }
        case .text(let text) where text.utf8.count > Self.mostWhole: .stream { try await $0.write(text) }
        case .bytes(let bytes):
            .whole(self.head(sized: bytes.count, fields: 3, mark) { $0.bytes(bytes) })
        case .text(var text):
            .whole(
                self.head(sized: text.utf8.count, fields: 3, mark) { writer in
                    text.withUTF8 { writer.bytes(UnsafeRawBufferPointer($0)) }
                })
        case .stream(let write): .stream(write)
        }
    }

    /// The first message of an answer in several.
    func firstPiece(_ content: ArraySlice<UInt8>, _ mark: WorkMark?) -> Payload {
        self.head(sized: content.count, fields: 4, mark) { writer in
            content.withUnsafeBytes { writer.bytes($0) }
            writer.string("more_content" as StaticString)
            writer.bool(true)
        }
    }

    private func head(
        sized size: Int, fields: Int, _ mark: WorkMark?, _ content: (inout MessagePackWriter) -> Void
    ) -> Payload {
        var writer = MessagePackWriter(capacity: size + 64 + self.headers.count * 64)
        writer.map(count: fields + (mark == nil ? 0 : WorkMark.fields))
        writer.string("status" as StaticString)
        writer.int(self.status)
        mark?.write(to: &writer)
        writer.string("headers" as StaticString)
        writer.list(count: self.headers.count)
        for (name, value) in self.headers {
            writer.list(count: 2)
            writer.string(name)
            writer.string(value)
        }
        writer.string("content" as StaticString)
        content(&writer)
        return writer.finish()
    }
}
