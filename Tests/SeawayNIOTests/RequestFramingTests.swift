import NIOCore
import NIOEmbedded
import NIOHTTP1
import SeawayNIO
import Testing

/// What the parser passes over, or refuses too late, behind whatever stands before it.
@Suite("Where requests lie in the bytes (RFC 9112)") struct RequestFramingTests {
    /// Tells of heads, as a server does.
    private final class Teller: ChannelInboundHandler, RemovableChannelHandler {
        typealias InboundIn = HTTPServerRequestPart
        let framing: RequestFraming

        init(_ framing: RequestFraming) { self.framing = framing }

        func channelRead(context: ChannelHandlerContext, data: NIOAny) {
            if case .head(let head) = Self.unwrapInboundIn(data) { self.framing.headCame(head) }
            context.fireChannelRead(data)
        }
    }

    /// What comes of bytes in pieces of a size: the targets of requests, `.` at the end of each, and an error.
    private static func read(_ text: String, pieces: Int) throws -> String {
        let channel = EmbeddedChannel()
        let framing = RequestFraming(maxChunkOverhead: 100)
        try channel.pipeline.syncOperations.addHandler(RequestDecoder.handler(framing: framing))
        try channel.pipeline.syncOperations.addHandler(Teller(framing))
        let bytes = Array(text.utf8)
        var failure = ""
        do {
            for start in stride(from: 0, to: bytes.count, by: pieces) {
                try channel.writeInbound(ByteBuffer(bytes: bytes[start..<min(start + pieces, bytes.count)]))
            }
        } catch { failure = "\(error)" }
        var seen = ""
        while let part = try channel.readInbound(as: HTTPServerRequestPart.self) {
            switch part {
            case .head(let head): seen += head.uri
            case .body(let body): seen += String(buffer: body)
            case .end: seen += "."
            }
        }
        return seen + failure
    }

    private static let pieces = [1, 2, 3, 7, 10_000]

    /// Each is whole, and another may stand behind it.
    private static let whole = [
        ("", ""), ("\r\n\r\n", ""), ("GET /g HTTP/1.1\r\nHost: a\r\n\r\n", "/g."),
        ("POST /l HTTP/1.1\r\nContent-Length: 4 \r\n\r\na  b", "/la  b."),
        ("POST /z HTTP/1.1\r\ncontent-length: 0\r\n\r\n", "/z."),
        ("POST /c HTTP/1.1\r\nTransfer-Encoding:\tchunked\r\n\r\n2;a=b\r\n\n \r\n0\r\nX: y\r\n\r\n", "/c\n ."),
        ("POST /d HTTP/1.1\r\ntransfer-encoding: chunked\r\n\r\n00B\r\nGET  / HTTP\r\n0\r\n\r\n", "/dGET  / HTTP."),
        ("GET /k HTTP/1.0\r\nConnection: keep-alive\r\n\r\n", "/k."),
    ]

    @Test(arguments: ["GET  /", "GET   /", "GET /  HTTP/1.1", "GET /   HTTP/1.1\r\n\r\n"])
    func oneSpaceStandsBetweenTheWordsOfARequestLine(line: String) throws {
        for (before, seen) in Self.whole {
            for pieces in Self.pieces {
                let all = try Self.read(before + before + line, pieces: pieces)
                #expect(all == seen + seen + "\(HTTPParserError.invalidURL)", "\(before) \(pieces)")
            }
        }
    }

    @Test(arguments: ["8000000000000000", "ffffffffffffffff", "FFFFFFFFFFFFFFFFF", "00000000000000008000000000000000"])
    func theSizeOfAChunkThatIsTooLargeIsRefusedAtOnce(size: String) throws {
        let head = "POST /n HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n"
        for (before, seen) in Self.whole {
            for pieces in Self.pieces {
                for first in ["", "1\r\nx\r\n"] {
                    let all = try Self.read(before + head + first + size, pieces: pieces)
                    let isRefused = all.hasPrefix(seen + "/n") && all.hasSuffix("\(HTTPParserError.invalidChunkSize)")
                    #expect(isRefused, "\(all)")
                }
            }
        }
    }

    @Test func theLargestSizeIsTaken() throws {
        let text = "POST /n HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n7fffffffffffffff\r\nGET  / HTTP/1.1\r\n\r\n"
        for pieces in Self.pieces {
            #expect(try Self.read(text, pieces: pieces) == "/nGET  / HTTP/1.1\r\n\r\n", "\(pieces)")
        }
    }

    @Test func whatIsInOrderIsTakenAsItIs() throws {
        let text = Self.whole.map(\.0).joined()
        let seen = Self.whole.map(\.1).joined()
        for pieces in Self.pieces {
            #expect(try Self.read(text + text, pieces: pieces) == seen + seen)
        }
    }

    @Test func whatStandsAroundChunksIsBounded() throws {
        let head = "POST /n HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n"
        func text(_ size: Int) -> [String] {
            let much = String(repeating: "e", count: size)
            return ["1;\(much)\r\nx\r\n0\r\n\r\n", "1\r\nx\r\n0\r\n\(much): y\r\n\r\n"]
        }
        for pieces in Self.pieces {
            for enough in text(80) { #expect(try Self.read(head + enough, pieces: pieces) == "/nx.") }
            for tooMuch in text(120) {
                let seen = try Self.read(head + tooMuch, pieces: pieces)
                #expect(seen.hasSuffix("\(RequestFraming.ChunkOverhead())"), "\(seen)")
            }
            // Single bytes are all right, however many; each body counts by itself.
            let single = String(repeating: "1\r\nx\r\n", count: 1_000) + "0\r\n\r\n"
            let seen = try Self.read(head + single + head + text(80)[0], pieces: pieces)
            #expect(seen == "/n" + String(repeating: "x", count: 1_000) + "./nx.")
        }
    }

    /// Behind a request that is the last nothing is a request line.
    @Test(arguments: ["Upgrade: x\r\nConnection: upgrade", "Upgrade: x\r\nConnection: upgrade\r\nContent-Length: 1"])
    func anotherProtocolsBytesAreLeftAlone(fields: String) throws {
        let other = "a  b  c\r\n"
        for pieces in Self.pieces {
            let channel = EmbeddedChannel()
            let framing = RequestFraming(maxChunkOverhead: 100)
            let decoder = RequestDecoder.handler(framing: framing)
            try channel.pipeline.syncOperations.addHandler(decoder)
            let teller = Teller(framing)
            try channel.pipeline.syncOperations.addHandler(teller)
            let body = fields.hasSuffix("1") ? "x" : ""
            let bytes = Array("GET / HTTP/1.1\r\n\(fields)\r\n\r\n\(body)\(other)".utf8)
            for start in stride(from: 0, to: bytes.count, by: pieces) {
                try channel.writeInbound(ByteBuffer(bytes: bytes[start..<min(start + pieces, bytes.count)]))
            }
            // The head, the body's byte if there is one, and the end.
            for _ in 0..<(body.isEmpty ? 2 : 3) { _ = try channel.readInbound(as: HTTPServerRequestPart.self) }
            _ = channel.pipeline.syncOperations.removeHandler(teller)
            let removed = channel.pipeline.syncOperations.removeHandler(decoder)
            channel.embeddedEventLoop.run()
            try removed.wait()
            #expect(try channel.readInbound(as: ByteBuffer.self) == ByteBuffer(string: other), "\(pieces)")
        }
    }
}
