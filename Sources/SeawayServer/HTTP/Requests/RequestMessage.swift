import NIOCore
import NIOHTTP1
package import SeawayMessage
import SeawayNIO

/// Makes the messages that go to workers (protocol/INTERFACE.md, sections 2 and 4).
package struct RequestMessage: Sendable {
    package var scheme: String
    package var rootPath: String

    package init(scheme: String, rootPath: String) {
        self.scheme = scheme
        self.rootPath = rootPath
    }

    /// `http.request`
    func request(
        _ head: HTTPRequestHead, _ checked: RequestCheck.Head, body: ByteBuffer?, replyChannel: String,
        bodyChannel: String? = nil, addresses: ConnectionAddresses, marks: RequestMarks = RequestMarks()
    ) -> Payload {
        let bodySize = body?.readableBytes ?? 0
        var writer = MessagePackWriter(capacity: 512 + head.headers.count * 32 + bodySize)
        writer.map(
            count: 10 + addresses.fieldCount + (bodyChannel == nil ? 0 : 1) + (marks.requestID == nil ? 0 : 1))
        writer.string("reply_channel" as StaticString)
        writer.string(replyChannel)
        writer.string("http_version" as StaticString)
        writer.string(checked.version)
        writer.string("method" as StaticString)
        writer.string(head.method.name)
        writer.string("scheme" as StaticString)
        writer.string(addresses.scheme ?? self.scheme)
        writer.string("path" as StaticString)
        writer.string(checked.target.path)
        self.writeTarget(checked.target, to: &writer)
        self.writeFields(of: head, checked, bodySize: bodyChannel == nil ? bodySize : nil, marks, to: &writer)
        addresses.write(to: &writer)
        marks.write(to: &writer)
        writer.string("body" as StaticString)
        if let bodyChannel {
            writer.bytes([])
            writer.string("body_channel" as StaticString)
            writer.string(bodyChannel)
            return writer.finish()
        }
        if let body { body.withUnsafeReadableBytes { writer.bytes($0) } } else { writer.bytes([]) }
        return writer.finish()
    }

    /// A piece of a body on its `body_channel`
    package func bodyPiece(_ piece: BodyStream.Piece) -> Payload {
        var writer = MessagePackWriter(capacity: 64 + piece.content.readableBytes)
        writer.map(count: piece.isClosed ? 2 : 3)
        writer.string("offset" as StaticString)
        writer.int(piece.offset)
        if piece.isClosed {
            writer.string("closed" as StaticString)
            writer.bool(true)
            return writer.finish()
        }
        writer.string("more_content" as StaticString)
        writer.bool(piece.moreContent)
        writer.string("content" as StaticString)
        writer.bytesHead(count: piece.content.readableBytes)
        for buffer in piece.content.buffers { buffer.withUnsafeReadableBytes { writer.append($0) } }
        return writer.finish()
    }

    /// `http.disconnect`
    package func disconnect(replyChannel: String, path: String, reason: RequestEnd) -> Payload {
        var writer = MessagePackWriter(capacity: 96 + path.utf8.count)
        writer.map(count: 3)
        writer.string("reply_channel" as StaticString)
        writer.string(replyChannel)
        writer.string("path" as StaticString)
        writer.string(path)
        writer.string("reason" as StaticString)
        writer.string(reason.rawValue)
        return writer.finish()
    }

    /// `raw_path`, `query_string` and `root_path`
    func writeTarget(_ target: RequestTarget, to writer: inout MessagePackWriter) {
        writer.string("raw_path" as StaticString)
        writer.bytes(of: target.rawPath)
        writer.string("query_string" as StaticString)
        writer.bytes(of: target.query)
        writer.string("root_path" as StaticString)
        writer.string(self.rootPath)
    }

    /// `headers`
    func writeFields(
        of head: HTTPRequestHead, _ checked: RequestCheck.Head, bodySize: Int? = 0, _ marks: RequestMarks,
        to writer: inout MessagePackWriter
    ) {
        let fields = checked.fields
        let replaces = marks.count > 0 && fields.hasMarks
        let replaced = replaces ? head.headers.count { fields.keeps($0.name) && marks.replaces($0.name) } : 0
        // HTTP/2 needs none for a body, and of a body in pieces nobody knows it yet.
        let isUnsaid = checked.isHTTP2 && checked.fields.contentLength == nil && (bodySize ?? 0) > 0
        let addsLength = bodySize != nil && (checked.fields.coding == .chunked || isUnsaid)
        writer.string("headers" as StaticString)
        writer.list(count: fields.keptCount - replaced + marks.count + (addsLength ? 1 : 0))
        for (name, value) in head.headers where fields.keeps(name) && !(replaces && marks.replaces(name)) {
            writer.list(count: 2)
            writer.lowerCaseBytes(of: name)
            if let authority = checked.target.authority, KnownField(name) == .host {
                writer.bytes(of: authority)
            } else {
                writer.bytes(of: value[...])
            }
        }
        marks.writeFields(to: &writer)
        guard addsLength, let bodySize else { return }
        writer.list(count: 2)
        writer.bytes(of: "content-length")
        writer.bytes(of: String(bodySize)[...])
    }
}

extension ConnectionAddresses {
    /// How many fields ``write(to:)`` writes.
    var fieldCount: Int { (self.client == nil ? 0 : 1) + (self.server == nil ? 0 : 1) }

    /// `client` and `server`, where there are any.
    func write(to writer: inout MessagePackWriter) {
        if let client = self.client {
            writer.string("client" as StaticString)
            writer.address(client)
        }
        if let server = self.server {
            writer.string("server" as StaticString)
            writer.address(server)
        }
    }
}

extension RequestMarks {
    /// `request_id`, where there is one.
    func write(to writer: inout MessagePackWriter) {
        guard let requestID = self.requestID else { return }
        writer.string("request_id" as StaticString)
        writer.string(requestID)
    }

    /// So many fields as ``count`` says.
    fileprivate func writeFields(to writer: inout MessagePackWriter) {
        if let requestID = self.requestID {
            writer.list(count: 2)
            writer.bytes(of: "x-request-id")
            writer.bytes(of: requestID[...])
        }
        if let traceparent = self.traceparent {
            writer.list(count: 2)
            writer.bytes(of: "traceparent")
            writer.bytes(of: traceparent[...])
        }
    }
}

extension MessagePackWriter {
    fileprivate mutating func bytes(of text: Substring) {
        var text = text
        text.withUTF8 { self.bytes(UnsafeRawBufferPointer($0)) }
    }

    fileprivate mutating func lowerCaseBytes(of name: String) {
        self.bytesHead(count: name.utf8.count)
        for byte in name.utf8 {
            let isUpperCase = byte >= UInt8(ascii: "A") && byte <= UInt8(ascii: "Z")
            self.append(isUpperCase ? byte | 0x20 : byte)
        }
    }

    fileprivate mutating func address(_ address: ConnectionAddresses.Address) {
        self.list(count: 2)
        self.string(address.host)
        self.int(address.port)
    }
}
