package import NIOHTTP1

/// Follows where requests lie in the bytes of a connection, and finds in them what NIO's parser passes over, or refuses
/// too late: white space that is too much in a request line (RFC 9112, 3), the size of a chunk that no server can count
/// to, and bodies that hold little but what stands around their chunks (7.1).
///
/// Whether a request is in order otherwise, and how long it is, the parser says. Shared by a ``RequestDecoder`` and the
/// handler behind it.
package final class RequestFraming {
    /// A chunked body holds too little between too much: chunks of single bytes will do, megabytes of chunk extensions
    /// will not.
    package struct ChunkOverhead: Error { package init() {} }

    private enum Place {
        /// Only line ends may stand here, which are passed over (RFC 9112, 2.2).
        case before
        case requestLine(isBehindSpace: Bool)
        /// So many bytes of the line have come, of two at most.
        case fields(Int)
        /// The head is complete, and the parser is to say what is behind it.
        case head
        /// So many bytes of the body are to come.
        case length(Int)
        case chunkSize(Int)
        case chunkExtension(Int)
        /// So many bytes of the chunk are to come, and then its line's end.
        case chunk(Int)
        case chunkEnd(Int)
        case trailers(Int)
        /// No request, or nobody knows.
        case other
    }

    private var place = Place.before
    /// Whether a request may follow the one that is here.
    private var goesOn = true
    /// Bytes of the request line that came last, with its end.
    package private(set) var requestLine = 0
    /// Bytes around those of a chunked body, and its own.
    private var around = 0
    private var content = 0

    private let maxAround: Int
    /// Bytes that may stand around each byte of a body.
    private static let aroundEach = 8

    /// - Parameter maxChunkOverhead: bytes that may stand around those of a chunked body, beside some for each of them.
    package init(maxChunkOverhead: Int) { self.maxAround = maxChunkOverhead }

    /// Goes on by bytes that the parser is given next.
    ///
    /// - Returns: how many of them, one at least: as far as it can go without the parser, which must have them first.
    /// - Throws: `HTTPParserError` for what is no request, ``ChunkOverhead``.
    func follow(_ bytes: UnsafeRawBufferPointer) throws -> Int {
        var index = 0
        var isAtBoundary = false
        while index < bytes.count, !isAtBoundary {
            let start = index
            switch self.place {
            case .before:
                if Self.isLineEnd(bytes[index]) { index += 1 } else { self.beginRequestLine() }
            case .requestLine(let isBehindSpace): try self.takeRequestLine(isBehindSpace, bytes, &index)
            case .fields(let line):
                let line = Self.takeLines(line, bytes, &index)
                self.place = line.map { .fields($0) } ?? .head
                isAtBoundary = line == nil
            case .length(let left):
                index += min(left, bytes.count - index)
                self.place = .length(left - (index - start))
                isAtBoundary = left == index - start
                if isAtBoundary { self.endRequest() }
            case .chunk(let left):
                index += min(left, bytes.count - index)
                self.content += index - start
                self.place = left > index - start ? .chunk(left - (index - start)) : .chunkEnd(2)
            case .chunkSize, .chunkExtension, .chunkEnd:
                try self.takeAroundChunk(bytes[index])
                index += 1
                self.around += 1
            case .trailers(let line):
                let line = Self.takeLines(line, bytes, &index)
                self.around += index - start
                self.place = line.map { .trailers($0) } ?? .other
                isAtBoundary = line == nil
                if isAtBoundary { self.endRequest() }
            case .head, .other:
                self.place = .other
                return bytes.count
            }
        }
        guard self.around <= self.maxAround + Self.aroundEach * self.content else { throw ChunkOverhead() }
        return index
    }

    /// The parser has read the head at whose end the bytes ended that were followed last.
    package func headCame(_ head: HTTPRequestHead) {
        guard case .head = self.place else { return }
        self.goesOn = head.isKeepAlive
        self.around = 0
        self.content = 0
        var body: Place?
        for (name, value) in head.headers {
            switch name.utf8.count {
            case 7 where name.lowercased() == "upgrade": self.goesOn = false
            case 14 where name.lowercased() == "content-length":
                let length = Int(FieldValue.trimmed(value)) ?? -1
                body = length > 0 ? .length(length) : length < 0 ? .other : nil
            case 17 where name.lowercased() == "transfer-encoding": body = .chunkSize(0)
            default: break
            }
        }
        if let body { self.place = body } else { self.endRequest() }
    }

    private func endRequest() { self.place = self.goesOn ? .before : .other }

    private func beginRequestLine() {
        self.place = .requestLine(isBehindSpace: false)
        self.requestLine = 0
    }

    /// - Parameter isBehindSpace: the byte before was one.
    private func takeRequestLine(_ isBehindSpace: Bool, _ bytes: UnsafeRawBufferPointer, _ index: inout Int) throws {
        let start = index
        defer { self.requestLine += index - start }
        var isBehindSpace = isBehindSpace
        while index < bytes.count {
            let byte = bytes[index]
            index += 1
            if byte == UInt8(ascii: "\n") { return self.place = .fields(0) }
            let isSpace = byte == UInt8(ascii: " ")
            // Between two words there is one; tabs the parser knows to be none.
            if isSpace, isBehindSpace { throw HTTPParserError.invalidURL }
            isBehindSpace = isSpace
        }
        self.place = .requestLine(isBehindSpace: isBehindSpace)
    }

    private func takeAroundChunk(_ byte: UInt8) throws {
        let isEnd = byte == UInt8(ascii: "\n")
        switch self.place {
        case .chunkSize(let size), .chunkExtension(let size):
            if isEnd {
                self.place = size > 0 ? .chunk(size) : .trailers(0)
            } else if case .chunkSize = self.place, let digit = Self.hexadecimal(byte) {
                guard size <= Int.max >> 4 else { throw HTTPParserError.invalidChunkSize }
                self.place = .chunkSize(size << 4 | digit)
            } else {
                self.place = .chunkExtension(size)
            }
        case .chunkEnd(let left): self.place = left > 1 ? .chunkEnd(left - 1) : .chunkSize(0)
        default: break
        }
    }

    /// Goes through lines up to the end of an empty one.
    ///
    /// - Parameter line: how many bytes of the first there are already.
    /// - Returns: the same of the last line; `nil` behind an empty one.
    private static func takeLines(_ line: Int, _ bytes: UnsafeRawBufferPointer, _ index: inout Int) -> Int? {
        var line = line
        while index < bytes.count {
            let end = bytes.firstOffset(of: UInt8(ascii: "\n"), from: index) ?? bytes.count
            line = min(line + end - index, 2)
            index = end
            guard index < bytes.count else { break }
            index += 1
            guard line > 1 else { return nil }
            line = 0
        }
        return line
    }

    private static func isLineEnd(_ byte: UInt8) -> Bool { byte == UInt8(ascii: "\r") || byte == UInt8(ascii: "\n") }

    private static func hexadecimal(_ byte: UInt8) -> Int? {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): Int(byte - UInt8(ascii: "0"))
        case UInt8(ascii: "a")...UInt8(ascii: "f"): Int(byte - UInt8(ascii: "a")) + 10
        case UInt8(ascii: "A")...UInt8(ascii: "F"): Int(byte - UInt8(ascii: "A")) + 10
        default: nil
        }
    }
}

@available(*, unavailable)
extension RequestFraming: Sendable {}
