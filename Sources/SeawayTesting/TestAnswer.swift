public import SeawayMessage

/// The answer to an HTTP request, as the interface server would put it together (INTERFACE.md, section 3).
public struct TestAnswer: Sendable {
    /// 200 to 599.
    public let status: Int
    /// In their order, names as given.
    public let headers: [(name: String, value: String)]
    /// What each message has brought; one for an answer that was sent whole.
    public internal(set) var pieces: [[UInt8]]

    /// The whole body.
    public var content: [UInt8] { Array(self.pieces.joined()) }

    /// The body as UTF-8; what is ill-formed in it is replaced.
    public var text: String { String(decoding: self.content, as: UTF8.self) }

    /// The first field of that name, whatever the case of its letters.
    public func header(_ name: String) -> String? {
        self.headers.first { $0.name.lowercased() == name.lowercased() }?.value
    }

    /// - Parameter refusal: the answer of a worker that does not want a socket (8.3).
    init(refusal: Message) throws(Malformed) {
        let status = (refusal["status"] ?? 403).int ?? 0
        guard 200...599 ~= status else { throw .init(reason: "no status of 200 to 599", message: refusal) }
        guard let headers = Self.fields(refusal["headers"]) else {
            throw .init(reason: "headers are no list of pairs", message: refusal)
        }
        guard let content = (refusal["content"] ?? .bytes([])).bytes else {
            throw .init(reason: "content is neither bytes nor a string", message: refusal)
        }
        self.init(status: Int(status), headers: headers, pieces: [content])
    }

    init(status: Int, headers: [(name: String, value: String)], pieces: [[UInt8]]) {
        self.status = status
        self.headers = headers
        self.pieces = pieces
    }

    /// `nil` where they are no list of pairs.
    static func fields(_ value: Value?) -> [(name: String, value: String)]? {
        guard let fields = (value ?? []).list else { return nil }
        var headers: [(name: String, value: String)] = []
        for field in fields {
            guard let pair = field.list, pair.count == 2, let name = pair[0].bytes, let value = pair[1].bytes else {
                return nil
            }
            headers.append((String(decoding: name, as: UTF8.self), String(decoding: value, as: UTF8.self)))
        }
        return headers
    }

    /// Messages that are no answer: the interface server would say 502, or break off what was begun (I15).
    public struct Malformed: Error, Hashable, Sendable, CustomStringConvertible {
        /// What is wrong.
        public let reason: String
        /// The message in which it was found.
        public let message: Message

        public var description: String { "\(self.reason): \(self.message)" }
    }
}

/// An answer that is being put together from its messages.
struct AnswerAssembly {
    private var answer: TestAnswer?
    /// Where a worker hears that nobody waits any more (I27).
    private(set) var disconnectChannel: String?

    /// - Returns: the answer once it is whole.
    mutating func add(_ message: Message) throws(TestAnswer.Malformed) -> TestAnswer? {
        if let channel = message["disconnect_channel"], channel != .null {
            guard let channel = channel.string else {
                throw .init(reason: "disconnect_channel is no string", message: message)
            }
            self.disconnectChannel = channel
            if ["status", "content", "more_content"].allSatisfy({ message[$0] == nil }) { return nil }
        }
        guard let content = (message["content"] ?? .bytes([])).bytes else {
            throw .init(reason: "content is neither bytes nor a string", message: message)
        }
        guard let hasMore = (message["more_content"] ?? false).bool else {
            throw .init(reason: "more_content is no bool", message: message)
        }
        var answer = try self.next(message)
        answer.pieces.append(content)
        self.answer = answer
        return hasMore ? nil : answer
    }

    private func next(_ message: Message) throws(TestAnswer.Malformed) -> TestAnswer {
        guard let answer = self.answer else { return try Self.first(message) }
        guard message["status"] == nil else { throw .init(reason: "a second status", message: message) }
        let size = answer.pieces.reduce(0) { $0 + $1.count }
        guard (message["offset"] ?? .int(Int64(size))).int == Int64(size) else {
            throw .init(reason: "an offset other than \(size)", message: message)
        }
        return answer
    }

    private static func first(_ message: Message) throws(TestAnswer.Malformed) -> TestAnswer {
        guard let status = message["status"]?.int, 200...599 ~= status else {
            throw .init(reason: "no status of 200 to 599", message: message)
        }
        guard let headers = TestAnswer.fields(message["headers"]) else {
            throw .init(reason: "headers are no list of pairs", message: message)
        }
        return TestAnswer(status: Int(status), headers: headers, pieces: [])
    }
}
