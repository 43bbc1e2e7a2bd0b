package import SeawayMessage

/// One message of an answer (protocol/INTERFACE.md, section 3), read and checked; its bytes stay where they are.
package struct Answer: Hashable, Sendable {
    /// One field, as places in ``Answer/bytes``.
    package struct Field: Hashable, Sendable {
        package var name: Range<Int>
        package var value: Range<Int>
        /// Not passed on: it is the server's to say (I13).
        package var isServersOwn: Bool
    }

    /// What the fields may take.
    package struct Limits: Hashable, Sendable {
        package var fields: Int
        /// Names and values.
        package var bytes: Int

        package init(fields: Int, bytes: Int) {
            self.fields = fields
            self.bytes = bytes
        }
    }

    package let bytes: [UInt8]
    package private(set) var piece = AnswerStream.Piece(size: 0)
    package private(set) var fields: [Field] = []
    /// Bytes that the fields take on the way to the client.
    package private(set) var fieldBytes = 0
    package private(set) var hasDate = false
    package private(set) var hasServer = false
    /// The worker has named the request itself.
    package private(set) var hasRequestID = false
    /// The worker's own `content-length`.
    package private(set) var declaredLength: Int?
    /// Where the worker wants to hear that nobody waits any more (I27).
    package private(set) var disconnectChannel: String?
    /// The offset up to which the worker takes pieces of the request's body (I40).
    package private(set) var bodyWanted: Int?
    /// Who has made it (I83): 1 to 64 bytes of visible ASCII.
    package private(set) var worker: String?
    /// Microseconds for which the worker had the request until then.
    package private(set) var took: Int64?
    /// No worker has made it.
    package private(set) var isOwn = false
    /// Whether it may be compressed on its way (O12).
    package private(set) var mayBeCompressed = true
    private static let longestWorker = 64
    private var contentRange = 0..<0
    /// It holds a part of an answer.
    private var isPart = false

    /// Whether it says a disconnect channel, or asks for the body, and holds nothing of the answer.
    package var isNotice: Bool { (self.disconnectChannel != nil || self.bodyWanted != nil) && !self.isPart }

    package var content: ArraySlice<UInt8> { self.bytes[self.contentRange] }

    /// - Throws: why no answer can be meant.
    package init(_ payload: Payload, limits: Limits) throws(AnswerFault) {
        self.bytes = payload.messagePack
        var reader = MessagePackReader(payload)
        guard let count = reader.map() else { throw .notAMessage }
        for _ in 0..<count {
            guard let key = reader.string() else { throw .notAMessage }
            try self.readField(key, &reader, limits)
        }
        guard reader.isAtEnd else { throw .notAMessage }
    }

    /// The whole of an answer, in one message.
    ///
    /// - Parameter status: where the message has none.
    package init(_ payload: Payload, limits: Limits, status: Int) throws(AnswerFault) {
        try self.init(payload, limits: limits)
        self.piece.status = self.piece.status ?? status
        self.piece.moreContent = false
    }

    private mutating func readField(
        _ key: Range<Int>, _ reader: inout MessagePackReader, _ limits: Limits
    ) throws(AnswerFault) {
        if reader.holds("status", at: key) {
            self.piece.status = try reader.read("status") { $0.int() }.map { Int($0) }
            self.isPart = self.isPart || self.piece.status != nil
        } else if reader.holds("content", at: key) {
            let range = try reader.read("content") { $0.data() }
            self.isPart = self.isPart || range != nil
            self.contentRange = range ?? 0..<0
            self.piece.size = self.contentRange.count
        } else if reader.holds("more_content", at: key) {
            let more = try reader.read("more_content") { $0.bool() }
            self.isPart = self.isPart || more != nil
            self.piece.moreContent = more ?? false
        } else if reader.holds("offset", at: key) {
            self.piece.offset = try reader.read("offset") { $0.int() }.map { Int($0) }
        } else if reader.holds("headers", at: key) {
            try self.readFields(count: try reader.read("headers") { $0.list() } ?? 0, &reader, limits)
        } else if reader.holds("compress", at: key) {
            self.mayBeCompressed = try reader.read("compress") { $0.bool() } ?? true
        } else if reader.holds("body_wanted", at: key) {
            self.bodyWanted = try reader.read("body_wanted") { $0.int() }.map { Int($0) }
        } else if reader.holds("disconnect_channel", at: key) {
            self.disconnectChannel = try reader.read("disconnect_channel") { $0.string() }.map { name in
                String(decoding: self.bytes[name], as: UTF8.self)
            }
            guard self.disconnectChannel.map(isWorkersDisconnectChannel) ?? true else { throw .disconnectChannel }
        } else if reader.holds("took", at: key) {
            self.took = try reader.told { $0.int() }.flatMap { $0 >= 0 ? $0 : nil }
        } else if reader.holds("worker", at: key) {
            let text = try reader.told { $0.string() }.map { String(decoding: self.bytes[$0], as: UTF8.self) }
            self.worker = text.flatMap { RequestID.isValid($0) && $0.utf8.count <= Self.longestWorker ? $0 : nil }
        } else if !reader.skip() {
            throw .notAMessage
        }
    }

    private mutating func readFields(
        count: Int, _ reader: inout MessagePackReader, _ limits: Limits
    ) throws(AnswerFault) {
        guard count <= limits.fields else { throw .fieldsTooLarge }
        // A key that stands twice counts once, the last.
        (self.fields, self.fieldBytes, self.hasDate, self.hasServer, self.declaredLength) = ([], 0, false, false, nil)
        self.hasRequestID = false
        self.fields.reserveCapacity(count)
        for _ in 0..<count {
            guard reader.list() == 2, let name = reader.data(), let value = reader.data()
            else { throw .wrongType(field: "headers") }
            guard FieldCheck.isToken(self.bytes.span.extracting(name)),
                FieldCheck.isValue(self.bytes.span.extracting(value))
            else { throw .fieldNotLegal }
            self.fieldBytes += name.count + value.count + 4
            guard self.fieldBytes <= limits.bytes else { throw .fieldsTooLarge }
            self.note(name, value)
        }
    }

    /// One made by the server: bytes with the fields in them, then the content.
    init(_ fieldBytes: consuming [UInt8], _ fields: [(name: Range<Int>, value: Range<Int>)], content: [UInt8]) {
        let start = fieldBytes.count
        if start == 0 {
            self.bytes = content
        } else {
            fieldBytes += content
            self.bytes = fieldBytes
        }
        self.contentRange = start..<(start + content.count)
        self.isPart = true
        for (name, value) in fields {
            self.fieldBytes += name.count + value.count + 4
            self.note(name, value)
        }
    }

    mutating func own(_ length: Int?) {
        self.isOwn = true
        self.declaredLength = length
    }

    mutating func setPiece(_ piece: AnswerStream.Piece) { self.piece = piece }

    mutating func keepLength(of other: Answer) { self.declaredLength = other.declaredLength }

    /// What a message says beside its part of the answer, as a message of its own.
    var notice: Answer? {
        guard self.disconnectChannel != nil || self.bodyWanted != nil else { return nil }
        var answer = Answer([], [], content: [])
        answer.takeNotices(of: self)
        answer.isPart = false
        return answer
    }

    /// What stands in a message beside the answer.
    mutating func takeNotices(of other: Answer) {
        self.disconnectChannel = other.disconnectChannel
        self.bodyWanted = other.bodyWanted
        (self.worker, self.took) = (other.worker, other.took)
        self.isOwn = other.isOwn
    }

    private mutating func note(_ name: Range<Int>, _ value: Range<Int>) {
        let known = KnownField(self.bytes.span.extracting(name))
        switch known {
        case .date: self.hasDate = true
        case .server: self.hasServer = true
        case .requestID: self.hasRequestID = true
        case .contentLength: self.declaredLength = FieldCheck.length(self.bytes.span.extracting(value))
        default: break
        }
        self.fields.append(Field(name: name, value: value, isServersOwn: known?.isServersInAnswers ?? false))
    }
}

extension MessagePackReader {
    /// Reads one value of a kind; anything else is passed over.
    fileprivate mutating func told<Kind>(_ kind: (inout MessagePackReader) -> Kind?) throws(AnswerFault) -> Kind? {
        let start = self
        if let value = kind(&self) { return value }
        self = start
        guard self.skip() else { throw .notAMessage }
        return nil
    }

    /// Reads one value of the kind that its table says, or null.
    fileprivate mutating func read<Kind>(
        _ field: String, _ kind: (inout MessagePackReader) -> Kind?
    ) throws(AnswerFault) -> Kind? {
        guard let value = self.valueOrNull(kind) else { throw .wrongType(field: field) }
        return value
    }
}
