package import SeawayMessage

/// One message of a worker to a socket (protocol/INTERFACE.md, 8.3 to 8.5), read and checked; its bytes stay where they
/// are.
package struct SocketMessage: Hashable, Sendable {
    /// Where a socket's events go.
    package enum Direction: Hashable, Sendable {
        case shared
        case own(String)
    }

    package struct Close: Hashable, Sendable {
        package var code: WebSocketCloseCode
        package var reason: String

        package init(code: WebSocketCloseCode, reason: String) {
            self.code = code
            self.reason = reason
        }
    }

    package let bytes: [UInt8]
    package private(set) var accept: Bool?
    package private(set) var subprotocol: String?
    package private(set) var isSerial = false
    package private(set) var direction: Direction?
    package private(set) var done: Int64?
    private var textRange: Range<Int>?
    private var bytesRange: Range<Int>?
    private var code: WebSocketCloseCode?
    private var reason = ""

    /// - Throws: why no such message can be meant.
    package init(_ payload: Payload) throws(SocketMessageFault) {
        self.bytes = payload.messagePack
        var reader = MessagePackReader(payload)
        guard let count = reader.map() else { throw .notAMessage }
        for _ in 0..<count {
            guard let key = reader.string() else { throw .notAMessage }
            try self.readField(key, &reader)
        }
        guard reader.isAtEnd else { throw .notAMessage }
        guard self.textRange == nil || self.bytesRange == nil else { throw .textAndBytes }
    }

    /// What goes to the browser; maybe empty.
    package var data: (kind: PreparedMessage.Kind, bytes: ArraySlice<UInt8>)? {
        if let range = self.textRange { return (.text, self.bytes[range]) }
        return self.bytesRange.map { (.binary, self.bytes[$0]) }
    }

    package var close: Close? { self.code.map { Close(code: $0, reason: self.reason) } }

    private mutating func readField(
        _ key: Range<Int>, _ reader: inout MessagePackReader
    ) throws(SocketMessageFault) {
        if reader.holds("text", at: key) {
            self.textRange = try reader.read("text") { $0.string() }
        } else if reader.holds("bytes", at: key) {
            self.bytesRange = try reader.read("bytes") { $0.data() }
        } else if reader.holds("accept", at: key) {
            self.accept = try reader.read("accept") { $0.bool() }
        } else if reader.holds("close", at: key) {
            self.code = try self.readClose(&reader)
        } else if reader.holds("reason", at: key) {
            self.reason = try self.readText("reason", &reader) ?? ""
            guard self.reason.utf8.count <= 123 else { throw .reasonTooLong(self.reason.utf8.count) }
        } else if reader.holds("done", at: key) {
            self.done = try reader.read("done") { $0.int() }
        } else if reader.holds("serial", at: key) {
            self.isSerial = try reader.read("serial") { $0.bool() } ?? false
        } else if reader.holds("subprotocol", at: key) {
            self.subprotocol = try self.readText("subprotocol", &reader)
        } else if reader.holds("receive_channel", at: key) {
            self.direction = try self.readText("receive_channel", &reader).map { .own($0) } ?? .shared
        } else if !reader.skip() {
            throw .notAMessage
        }
    }

    private func readText(
        _ field: String, _ reader: inout MessagePackReader
    ) throws(SocketMessageFault) -> String? {
        try reader.read(field) { $0.string() }.map { String(decoding: self.bytes[$0], as: UTF8.self) }
    }

    private func readClose(_ reader: inout MessagePackReader) throws(SocketMessageFault) -> WebSocketCloseCode? {
        let start = reader
        if let closes = reader.bool() { return closes ? .normal : nil }
        reader = start
        guard let number = try reader.read("close", { $0.int() }) else { return nil }
        let code = UInt16(exactly: number).map { WebSocketCloseCode(rawValue: $0) }
        guard let code, code.mayBeSent else { throw .closeCode(number) }
        return code
    }
}

extension MessagePackReader {
    /// Reads one value of the kind that its table says, or null.
    fileprivate mutating func read<Kind>(
        _ field: String, _ kind: (inout MessagePackReader) -> Kind?
    ) throws(SocketMessageFault) -> Kind? {
        guard let value = self.valueOrNull(kind) else { throw .wrongType(field: field) }
        return value
    }
}
