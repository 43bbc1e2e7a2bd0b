import NIOCore
import NIOEmbedded
import NIOHTTP1
import NIOTestUtils
import SeawayNIO
import Testing

/// A tab is white space where a space is (RFC 9110, 5.6.3), also in the fields that the parser reads itself.
@Suite struct TabTests {
    private static let pieces = [1, 2, 3, 5, 1_000]

    /// What comes of bytes that are given in pieces of a size: the bodies' pieces as one, an error at the end.
    private static func read(_ text: String, pieces: Int) throws -> [String] {
        let channel = EmbeddedChannel()
        try channel.pipeline.syncOperations.addHandler(RequestDecoder.handler())
        let bytes = Array(text.utf8)
        var failure: [String] = []
        do {
            for start in stride(from: 0, to: bytes.count, by: pieces) {
                try channel.writeInbound(ByteBuffer(bytes: bytes[start..<min(start + pieces, bytes.count)]))
            }
        } catch { failure = ["\(error)"] }
        var seen: [String] = []
        while let part = try channel.readInbound(as: HTTPServerRequestPart.self) {
            switch part {
            case .head(let head):
                let stays = head.isKeepAlive ? "stays" : "goes"
                seen.append("\(head.method) \(head.uri) \(head.headers.map { "\($0.name):\($0.value)" }) \(stays)")
                seen.append("")
            case .body(let body): seen[seen.count - 1] += String(buffer: body)
            case .end: seen.append("end")
            }
        }
        return seen + failure
    }

    private static func head(_ fields: String, version: String = "1.1", path: String = "/") -> String {
        "POST \(path) HTTP/\(version)\r\nhost: a\r\n\(fields)\r\n\r\n"
    }

    @Test(arguments: [
        "Content-Length: 5\t", "content-length:\t5", "CONTENT-LENGTH:\t 5 \t \t", "Content-Length: 5\t\r\nX: y",
        "X: y\r\nContent-Length:5\t\t\t",
    ])
    func aLengthMayHaveTabsAroundIt(fields: String) throws {
        let text = Self.head(fields) + "\thell" + "GET /next HTTP/1.1\r\n\r\n"
        for pieces in Self.pieces {
            let seen = try Self.read(text, pieces: pieces)
            #expect(
                seen == (try Self.read(Self.head(fields.replacing("\t", with: " ")), pieces: 1)).prefix(1)
                    + ["\thell", "end", "GET /next [] stays", "", "end"])
        }
    }

    @Test(arguments: [
        "Transfer-Encoding: chunked\t", "transfer-encoding:\tchunked \t", "Transfer-Encoding: gzip\t,\tchunked\t",
    ])
    func aCodingMayHaveTabsAroundIt(fields: String) throws {
        let text = Self.head(fields) + "5\r\n\thell\r\n2\r\n\t\t\r\n0\r\n\r\n" + "GET /next HTTP/1.1\r\n\r\n"
        for pieces in Self.pieces {
            let seen = try Self.read(text, pieces: pieces)
            #expect(seen.dropFirst() == ["\thell\t\t", "end", "GET /next [] stays", "", "end"], "\(pieces)")
        }
    }

    @Test func aConnectionOfTheOldVersionStays() throws {
        for pieces in Self.pieces {
            for value in ["keep-alive\t", "\tkeep-alive", "x\t,\tkeep-alive\t \t"] {
                let text = Self.head("Connection: \(value)\r\nContent-Length: 0", version: "1.0")
                let seen = try Self.read(text + text, pieces: pieces)
                #expect(seen.count == 6 && seen[0].hasSuffix("stays") && seen[0] == seen[3], "\(seen)")
            }
        }
    }

    /// As with a space: another protocol's bytes are kept for it, whatever they hold.
    @Test func anotherProtocolsBytesAreLeftAlone() throws {
        let bytes = "\r\nContent-Length: 5\t\r\nConnection: \ta\t\r\n"
        for pieces in Self.pieces {
            let channel = EmbeddedChannel()
            let decoder = RequestDecoder.handler()
            try channel.pipeline.syncOperations.addHandler(decoder)
            let text = "GET / HTTP/1.1\r\nUpgrade: x\r\nConnection: upgrade\t\r\n\r\n" + bytes
            let all = Array(text.utf8)
            for start in stride(from: 0, to: all.count, by: pieces) {
                try channel.writeInbound(ByteBuffer(bytes: all[start..<min(start + pieces, all.count)]))
            }
            _ = try channel.readInbound(as: HTTPServerRequestPart.self)
            #expect(try channel.readInbound(as: HTTPServerRequestPart.self) == .end(nil))
            let removed = channel.pipeline.syncOperations.removeHandler(decoder)
            channel.embeddedEventLoop.run()
            try removed.wait()
            #expect(try channel.readInbound(as: ByteBuffer.self) == ByteBuffer(string: bytes), "\(pieces)")
        }
    }

    /// What looks like a field there is none.
    @Test(arguments: [
        "\nContent-Length: 5\t\r\nConnection: \ta\t\r\n", "\nTransfer-Encoding: chunked\t", "\nConnection: ",
    ])
    func bodiesAreLeftAlone(body: String) throws {
        let whole = Self.head("Content-Length: \(body.utf8.count)\t") + body
        let chunked =
            Self.head("Transfer-Encoding: chunked\t") + "\(String(body.utf8.count, radix: 16))\r\n\(body)\r\n0\r\n\r\n"
        for pieces in Self.pieces {
            for text in [whole + chunked + whole, chunked + whole + chunked] {
                let seen = try Self.read(text, pieces: pieces)
                #expect(seen.count == 9 && [1, 4, 7].allSatisfy { seen[$0] == body }, "\(pieces)")
            }
        }
    }

    @Test func aTabWithinAnotherValueStays() throws {
        for pieces in Self.pieces {
            let seen = try Self.read(Self.head("X-Own: a\tb\r\nContent-Length: 0\t"), pieces: pieces)
            #expect(seen.first?.contains(#"X-Own:a\tb""#) == true)
        }
    }

    /// A line that begins with white space, white space before the colon, and what is no length.
    @Test(arguments: [
        "Content-Length\t: 5", "\tContent-Length: 5", "Content-Length: 5\r\n\t", "Content-Length: 5\r\n\t6",
        "Content-Length: 5\r\n 6", "Content-Length: 5\t6", "Content-Length: 5\t\r\nContent-Length: 5\t",
        "Transfer-Encoding: chun\tked", "Transfer-Encoding: chunked\tx", "Transfer-Encoding: chunked\r\n\tx",
        "Transfer-Encoding\t: chunked", "Transfer-Encoding: chunked\t\r\nContent-Length: 5\t",
        "Content-Length: 5\t\r\nTransfer-Encoding: chunked\t", "Content-Length: 5\u{B}", "Content-Length: 5\r\t",
    ])
    func whatIsNoFieldIsRefusedAsEver(fields: String) throws {
        for pieces in Self.pieces {
            let seen = try Self.read(Self.head(fields) + "hello", pieces: pieces)
            #expect(!seen.contains("end") && seen.last?.isEmpty == false, "\(seen)")
        }
    }

    @Test(arguments: ["GET\t/ HTTP/1.1", "GET /\tHTTP/1.1", "GET / HTTP/1.1\t", "\tGET / HTTP/1.1"])
    func theRequestLineHasNone(line: String) throws {
        for pieces in Self.pieces {
            #expect(try Self.read(line + "\r\nhost: a\r\n\r\n", pieces: pieces).count == 1)
        }
    }

    @Test func itDoesNotMatterHowBytesAreCut() throws {
        func head(_ method: HTTPMethod, _ name: String, _ value: String) -> HTTPServerRequestPart {
            .head(.init(version: .http1_1, method: method, uri: "/", headers: [name: value]))
        }
        let pairs: [(String, [HTTPServerRequestPart])] = [
            (
                "GET / HTTP/1.1\r\nConnection: keep-alive\t\r\n\r\n",
                [head(.GET, "connection", "keep-alive "), .end(nil)]
            ),
            (
                "POST / HTTP/1.1\r\nContent-Length: 1\t\r\n\r\n\t",
                [head(.POST, "content-length", "1 "), .body(ByteBuffer(string: "\t")), .end(nil)]
            ),
            (
                "POST / HTTP/1.1\r\nTransfer-Encoding: chunked\t\r\n\r\n1\r\n\t\r\n0\r\n\r\n",
                [head(.POST, "transfer-encoding", "chunked "), .body(ByteBuffer(string: "\t")), .end(nil)]
            ),
        ]
        try ByteToMessageDecoderVerifier.verifyDecoder(
            inputOutputPairs: pairs.map { (ByteBuffer(string: $0.0), $0.1) }
        ) { RequestDecoder() }
    }
}
