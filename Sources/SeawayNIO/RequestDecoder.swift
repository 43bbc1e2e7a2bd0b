package import NIOCore
package import NIOHTTP1

/// NIO's decoder of requests, which also tells a method that it does not know from bytes that are no request.
///
/// Only the first is `HTTPParserError.invalidMethod`, to which the answer is 501 (RFC 9110, 9.1).
package struct RequestDecoder: ByteToMessageDecoder {
    package typealias InboundOut = HTTPServerRequestPart

    private let decoder: HTTPRequestDecoder
    private let meter: RequestMeter?
    private let maxField: Int

    private init(limits: NIOHTTPDecoderLimitConfiguration, meter: RequestMeter?) {
        self.meter = meter
        self.maxField = limits.maxHeaderFieldSize
        self.decoder = HTTPRequestDecoder(
            leftOverBytesStrategy: .forwardBytes, informationalResponseStrategy: .drop, limitConfiguration: limits)
    }

    package func decoderAdded(context: ChannelHandlerContext) { self.decoder.decoderAdded(context: context) }
    package func decoderRemoved(context: ChannelHandlerContext) { self.decoder.decoderRemoved(context: context) }

    /// A handler for it, which keeps no more of what it cannot take than a head and one read: behind a request that asks
    /// for another protocol the decoder takes nothing.
    package static func handler(
        limits: NIOHTTPDecoderLimitConfiguration = .init(), meter: RequestMeter? = nil
    ) -> ByteToMessageHandler<RequestDecoder> {
        ByteToMessageHandler(
            RequestDecoder(limits: limits, meter: meter), maximumBufferSize: limits.maxHeaderFieldSize + 65_536)
    }

    package func decode(context: ChannelHandlerContext, buffer: inout ByteBuffer) throws -> DecodingState {
        guard let meter = self.meter else { return try self.decodeUnmeasured(context: context, buffer: &buffer) }
        let count = buffer.readableBytes
        // Kept only where it may end within a line, which is seldom.
        let last = buffer.getInteger(at: buffer.writerIndex - 1, as: UInt8.self)
        let given = last == UInt8(ascii: "\n") ? nil : buffer.readableBytesView
        do {
            let state = try self.decodeUnmeasured(context: context, buffer: &buffer)
            if let given {
                meter.took(given.dropLast(buffer.readableBytes))
            } else {
                meter.tookLines(count - buffer.readableBytes)
            }
            return state
        } catch HTTPParserError.headerOverflow
            where meter.hasLongRequestLine(buffer.readableBytesView, limit: self.maxField)
        {
            throw RequestLine.TooLong()
        }
    }

    private func decodeUnmeasured(
        context: ChannelHandlerContext, buffer: inout ByteBuffer
    ) throws -> DecodingState {
        do {
            return try self.decoder.decode(context: context, buffer: &buffer)
        } catch HTTPParserError.invalidMethod {
            let isMethod = RequestLine.hasUnknownMethod(buffer.readableBytesView, mayBePart: true)
            throw isMethod ? HTTPParserError.invalidMethod : .invalidConstant
        } catch HTTPParserError.invalidConstant {
            // One that the parser knows, but of another protocol.
            let isMethod = RequestLine.hasUnknownMethod(buffer.readableBytesView, mayBePart: false)
            throw isMethod ? HTTPParserError.invalidMethod : .invalidConstant
        }
    }

    package func decodeLast(
        context: ChannelHandlerContext, buffer: inout ByteBuffer, seenEOF: Bool
    ) throws -> DecodingState {
        try self.decoder.decodeLast(context: context, buffer: &buffer, seenEOF: seenEOF)
    }
}

/// What the first line of a request may look like.
package enum RequestLine {
    /// It is longer than a field may be. Thrown only where there is a ``RequestMeter``.
    package struct TooLong: Error {}

    /// The methods that NIO's parser knows in HTTP/1.1.
    package static let methods: Set<String> = [
        "ACL", "BIND", "CHECKOUT", "CONNECT", "COPY", "DELETE", "GET", "HEAD", "LINK", "LOCK", "M-SEARCH", "MERGE",
        "MKACTIVITY", "MKCALENDAR", "MKCOL", "MOVE", "NOTIFY", "OPTIONS", "PATCH", "POST", "PROPFIND", "PROPPATCH",
        "PURGE", "PUT", "QUERY", "REBIND", "REPORT", "SEARCH", "SOURCE", "SUBSCRIBE", "TRACE", "UNBIND", "UNLINK",
        "UNLOCK", "UNSUBSCRIBE",
    ]

    /// Whether a method that is not known is why nothing could be made of the bytes.
    ///
    /// The parser does not say where it stopped. It stops within the method's own line, before or behind which others
    /// may stand.
    ///
    /// - Parameters:
    ///   - bytes: all that the parser was given last; the beginning may be cut off.
    ///   - mayBePart: the line's end, too, may be missing.
    package static func hasUnknownMethod(_ bytes: some Collection<UInt8>, mayBePart: Bool) -> Bool {
        let lines = bytes.split(separator: UInt8(ascii: "\n"))
        return lines.contains { line in
            let words = line.split(separator: UInt8(ascii: " "), omittingEmptySubsequences: false)
            guard let method = words.first, !method.isEmpty, method.allSatisfy(Self.isTokenByte) else { return false }
            guard !Self.methods.contains(String(decoding: method, as: UTF8.self)) else { return false }
            let version = "HTTP/1.".utf8
            // What is not there yet may still come; of others before it this could be the body.
            let isPart = mayBePart && lines.count == 1 && line.endIndex == bytes.endIndex
            if words.count < 3 { return isPart }
            guard words.count == 3, !words[1].isEmpty else { return false }
            return words[2].starts(with: version) || (isPart && version.starts(with: words[2]))
        }
    }

    static func isToken(_ bytes: some Collection<UInt8>) -> Bool {
        !bytes.isEmpty && bytes.allSatisfy(Self.isTokenByte)
    }

    private static func isTokenByte(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "!"), UInt8(ascii: "#")...UInt8(ascii: "'"),
            UInt8(ascii: "*"), UInt8(ascii: "+"), UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "^"),
            UInt8(ascii: "_"), UInt8(ascii: "`"), UInt8(ascii: "|"), UInt8(ascii: "~"):
            true
        default: false
        }
    }
}

extension HTTPMethod {
    /// As the client sent it; NIO's own name for `M-SEARCH` is another.
    package var name: String {
        if case .MSEARCH = self { return "M-SEARCH" }
        return self.rawValue
    }
}

extension HTTPHeaders {
    /// Takes off the white space around values that the parser leaves there (RFC 9112, 5.1).
    package mutating func trimValues() {
        guard self.contains(where: { FieldValue.isUntrimmed($0.value) }) else { return }
        self = HTTPHeaders(self.map { ($0.name, FieldValue.trimmed($0.value)) })
    }

    /// The elements of a list of tokens, in lower case, of all fields of the name.
    package func tokens(_ name: String) -> [String] { self[name].flatMap(FieldValue.tokens) }
}

extension HTTPRequestHead {
    /// Whether `Host` is there as it must be: once, and a host (RFC 9112, 3.2). HTTP/1.0 can do without.
    package var hasLegalHost: Bool {
        let hosts = self.headers["host"]
        guard let host = hosts.first else { return self.version.minor == 0 }
        return hosts.count == 1 && HostField.isLegal(FieldValue.trimmed(host)[...])
    }
}
