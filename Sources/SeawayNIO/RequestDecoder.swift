package import NIOCore
package import NIOHTTP1

/// NIO's decoder of requests, which also tells a method that it does not know from bytes that are no request.
///
/// Only the first is `HTTPParserError.invalidMethod`, to which the answer is 501 (RFC 9110, 9.1). A tab where white
/// space may stand in a ``FieldLine`` is given to the parser as a space.
package struct RequestDecoder: ByteToMessageDecoder {
    package typealias InboundOut = HTTPServerRequestPart

    private let decoder: HTTPRequestDecoder
    private let framing: RequestFraming?
    private let maxField: Int
    private var line = FieldLine()
    /// How many bytes of the buffer's beginning the parser has been given and not taken.
    private var kept = 0

    package init(limits: NIOHTTPDecoderLimitConfiguration = .init(), framing: RequestFraming? = nil) {
        self.framing = framing
        self.maxField = limits.maxHeaderFieldSize
        self.decoder = HTTPRequestDecoder(
            leftOverBytesStrategy: .forwardBytes, informationalResponseStrategy: .drop, limitConfiguration: limits)
    }

    package func decoderAdded(context: ChannelHandlerContext) { self.decoder.decoderAdded(context: context) }
    package func decoderRemoved(context: ChannelHandlerContext) { self.decoder.decoderRemoved(context: context) }

    /// A handler for it, which keeps no more of what it cannot take than a head and one read: behind a request that
    /// asks for another protocol the decoder takes nothing.
    package static func handler(
        limits: NIOHTTPDecoderLimitConfiguration = .init(), framing: RequestFraming? = nil
    ) -> ByteToMessageHandler<RequestDecoder> {
        ByteToMessageHandler(
            RequestDecoder(limits: limits, framing: framing), maximumBufferSize: limits.maxHeaderFieldSize + 65_536)
    }

    package mutating func decode(context: ChannelHandlerContext, buffer: inout ByteBuffer) throws -> DecodingState {
        var taken = buffer.readerIndex + self.kept
        while taken < buffer.writerIndex {
            taken = try self.framing?.follow(buffer, from: taken) ?? buffer.writerIndex
            do {
                try self.take(context: context, buffer: &buffer, upTo: taken)
            } catch HTTPParserError.headerOverflow where self.framing?.requestLine ?? 0 > self.maxField {
                throw RequestLine.TooLong()
            }
        }
        return .needMoreData
    }

    /// Goes on to an index, with tabs as spaces where they are white space.
    private mutating func take(context: ChannelHandlerContext, buffer: inout ByteBuffer, upTo end: Int) throws {
        var examined = buffer.readerIndex + self.kept
        var given = examined
        while let tab = buffer.firstIndex(of: UInt8(ascii: "\t"), from: examined, upTo: end) {
            self.line.follow(buffer.readableBytesView[examined..<tab])
            if let length = self.line.valueLength {
                try self.give(context: context, buffer: &buffer, from: &given, upTo: tab)
                // Only the parser knows whether this is a head. It keeps the value that it is within; of a body and of
                // what stands around chunks it keeps nothing, of another protocol's bytes all.
                if tab - buffer.readerIndex != length { self.line.leave() }
            }
            let next = self.line.isBeforeValue ? tab + 1 : buffer.endOfLine(from: tab, upTo: end)
            if self.line.valueLength != nil { buffer.replaceTabs(in: tab..<next) }
            // No name that matters has a tab in it.
            if self.line.isValue { self.line.follow(buffer.readableBytesView[tab..<next]) } else { self.line.leave() }
            examined = next
        }
        let rest = buffer.readableBytesView[examined..<end]
        try self.give(context: context, buffer: &buffer, from: &given, upTo: end)
        self.kept = end - buffer.readerIndex
        // Of a field's line the parser keeps something until the next line has begun.
        if self.kept == 0 { self.line.leave() } else { self.line.follow(rest) }
    }

    /// Gives the parser what it does not have yet, up to an index.
    private func give(
        context: ChannelHandlerContext, buffer: inout ByteBuffer, from given: inout Int, upTo end: Int
    ) throws {
        guard end > given else { return }
        given = end
        if end == buffer.writerIndex { return try self.parse(context: context, buffer: &buffer) }
        var part = buffer
        part.moveWriterIndex(to: end)
        try self.parse(context: context, buffer: &part)
        buffer.moveReaderIndex(to: part.readerIndex)
    }

    private func parse(context: ChannelHandlerContext, buffer: inout ByteBuffer) throws {
        do {
            _ = try self.decoder.decode(context: context, buffer: &buffer)
        } catch HTTPParserError.invalidMethod {
            let isMethod = RequestLine.hasUnknownMethod(buffer.readableBytesView, mayBePart: true)
            throw isMethod ? HTTPParserError.invalidMethod : .invalidConstant
        } catch HTTPParserError.invalidConstant {
            // One that the parser knows, but of another protocol.
            let isMethod = RequestLine.hasUnknownMethod(buffer.readableBytesView, mayBePart: false)
            throw isMethod ? HTTPParserError.invalidMethod : .invalidConstant
        }
    }

    package mutating func decodeLast(
        context: ChannelHandlerContext, buffer: inout ByteBuffer, seenEOF: Bool
    ) throws -> DecodingState {
        _ = try self.decode(context: context, buffer: &buffer)
        return try self.decoder.decodeLast(context: context, buffer: &buffer, seenEOF: seenEOF)
    }
}

extension RequestFraming {
    /// - Returns: the index up to which it has gone.
    fileprivate func follow(_ buffer: ByteBuffer, from index: Int) throws -> Int {
        try buffer.withUnsafeReadableBytes { bytes in
            try index + self.follow(UnsafeRawBufferPointer(rebasing: bytes[(index - buffer.readerIndex)...]))
        }
    }
}

extension ByteBuffer {
    /// Where the line ends, or what there is of it up to an index.
    fileprivate func endOfLine(from index: Int, upTo end: Int) -> Int {
        self.firstIndex(of: UInt8(ascii: "\n"), from: index, upTo: end) ?? end
    }

    fileprivate func firstIndex(of byte: UInt8, from index: Int, upTo end: Int) -> Int? {
        let start = self.readerIndex
        return self.withUnsafeReadableBytes { bytes in
            UnsafeRawBufferPointer(rebasing: bytes[..<(end - start)]).firstOffset(of: byte, from: index - start)
        }.map { $0 + start }
    }

    fileprivate mutating func replaceTabs(in range: Range<Int>) {
        for index in range where self.getInteger(at: index, as: UInt8.self) == UInt8(ascii: "\t") {
            self.setInteger(UInt8(ascii: " "), at: index)
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
