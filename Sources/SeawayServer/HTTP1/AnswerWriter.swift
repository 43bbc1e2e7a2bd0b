package import NIOCore
import NIOHTTP1

/// Writes answers as HTTP/1.1.
///
/// By itself and not by NIO's encoder, because fields of workers are bytes, not text, and go to the client without a
/// detour through strings.
package struct AnswerWriter {
    /// What is said about the connection behind the answer.
    package enum Connection: Hashable, Sendable {
        case close
        /// To HTTP/1.0, where staying open is not the rule.
        case keepAlive
        /// To HTTP/1.1, where it is.
        case unsaid
    }

    package var date: HTTPDate
    private let serverLine: String
    private let allocator = ByteBufferAllocator()

    package init(server: String, date: HTTPDate) {
        self.serverLine = server.isEmpty ? "" : "server: \(server)\r\n"
        self.date = date
    }

    /// Status, fields, and the content that came with them.
    ///
    /// - Parameter requestID: said of the request, unless the worker has said it itself.
    package func begin(
        _ answer: Answer, status: Int, framing: BodyFraming, connection: Connection, requestID: String? = nil
    ) -> ByteBuffer {
        let content = framing.hasContent ? answer.content : answer.content.prefix(0)
        var buffer = self.allocator.buffer(capacity: 256 + answer.fieldBytes + content.count)
        self.writeStatus(status, to: &buffer)
        self.writeFields(of: answer, to: &buffer)
        if !answer.hasRequestID { Self.write(requestID, to: &buffer) }
        self.writeEndOfHead(framing, connection, to: &buffer)
        self.write(content, framing: framing, to: &buffer)
        return buffer
    }

    /// A further piece of content.
    package func piece(_ answer: Answer, framing: BodyFraming, isLast: Bool) -> ByteBuffer {
        var buffer = self.allocator.buffer(capacity: answer.content.count + 32)
        self.write(answer.content, framing: framing, to: &buffer)
        if isLast, framing == .chunked { buffer.writeStaticString("0\r\n\r\n") }
        return buffer
    }

    /// - Parameters:
    ///   - isHead: the request was `HEAD`.
    ///   - requestID: said of it.
    package func error(
        _ error: ErrorAnswer, isHead: Bool, connection: Connection, requestID: String? = nil
    ) -> ByteBuffer {
        let text = error.text
        var buffer = self.allocator.buffer(capacity: 256)
        self.writeStatus(error.status, to: &buffer)
        buffer.writeStaticString("content-type: text/plain; charset=utf-8\r\n")
        for (name, value) in error.fields { buffer.writeString("\(name): \(value)\r\n") }
        self.writeDate(to: &buffer)
        buffer.writeString(self.serverLine)
        Self.write(requestID, to: &buffer)
        self.writeEndOfHead(.length(text.utf8.count + 1), connection, to: &buffer)
        if !isHead {
            buffer.writeString(text)
            buffer.writeStaticString("\n")
        }
        return buffer
    }

    /// Turns the connection into a WebSocket; the fields of the worker stand behind the handshake's own, and say
    /// nothing about it.
    package func upgrade(
        _ acceptance: WebSocketAcceptance, _ answer: Answer, requestID: String? = nil
    ) -> ByteBuffer {
        var buffer = self.allocator.buffer(capacity: 256 + answer.fieldBytes)
        self.writeStatus(101, to: &buffer)
        for (name, value) in acceptance.fields { buffer.writeString("\(name): \(value)\r\n") }
        self.writeFields(of: answer, to: &buffer) { WebSocketHandshake.isOwnField($0) }
        if !answer.hasRequestID { Self.write(requestID, to: &buffer) }
        buffer.writeStaticString("\r\n")
        return buffer
    }

    /// Tells a client that waits to send the body (I23).
    package func goOn() -> ByteBuffer { ByteBuffer(staticString: "HTTP/1.1 100 Continue\r\n\r\n") }

    /// Begins the size of a chunk to come, whatever that will be (I30).
    package func leadingZero() -> ByteBuffer { ByteBuffer(staticString: "0") }

    /// - Parameter isLeftOut: of the names of fields that would be sent; none but the server's own, if it is not given.
    private func writeFields(
        of answer: Answer, to buffer: inout ByteBuffer, isLeftOut: (ArraySlice<UInt8>) -> Bool = { _ in false }
    ) {
        for field in answer.fields where !field.isServersOwn && !isLeftOut(answer.bytes[field.name]) {
            buffer.writeBytes(answer.bytes[field.name])
            buffer.writeStaticString(": ")
            buffer.writeBytes(answer.bytes[field.value])
            buffer.writeStaticString("\r\n")
        }
        if !answer.hasDate { self.writeDate(to: &buffer) }
        if !answer.hasServer { buffer.writeString(self.serverLine) }
    }

    private func writeStatus(_ status: Int, to buffer: inout ByteBuffer) {
        if status == 200 {
            buffer.writeStaticString("HTTP/1.1 200 OK\r\n")
        } else {
            let reason = HTTPResponseStatus(statusCode: status).reasonPhrase
            buffer.writeString("HTTP/1.1 \(status) \(reason)\r\n")
        }
    }

    private static func write(_ requestID: String?, to buffer: inout ByteBuffer) {
        guard let requestID else { return }
        buffer.writeStaticString("x-request-id: ")
        buffer.writeString(requestID)
        buffer.writeStaticString("\r\n")
    }

    private func writeDate(to buffer: inout ByteBuffer) {
        buffer.writeStaticString("date: ")
        buffer.writeString(self.date.text)
        buffer.writeStaticString("\r\n")
    }

    private func writeEndOfHead(_ framing: BodyFraming, _ connection: Connection, to buffer: inout ByteBuffer) {
        switch framing {
        case .length(let length), .none(contentLength: .some(let length)):
            buffer.writeStaticString("content-length: ")
            buffer.writeString(String(length))
            buffer.writeStaticString("\r\n")
        case .chunked: buffer.writeStaticString("transfer-encoding: chunked\r\n")
        case .none(contentLength: .none), .untilClose: break
        }
        switch connection {
        case .close: buffer.writeStaticString("connection: close\r\n\r\n")
        case .keepAlive: buffer.writeStaticString("connection: keep-alive\r\n\r\n")
        case .unsaid: buffer.writeStaticString("\r\n")
        }
    }

    private func write(_ content: ArraySlice<UInt8>, framing: BodyFraming, to buffer: inout ByteBuffer) {
        // An empty chunk would end the body.
        guard !content.isEmpty else { return }
        guard framing == .chunked else {
            buffer.writeBytes(content)
            return
        }
        buffer.writeString(String(content.count, radix: 16))
        buffer.writeStaticString("\r\n")
        buffer.writeBytes(content)
        buffer.writeStaticString("\r\n")
    }
}
