import NIOCore
import NIOEmbedded
import NIOHTTP1
import SeawayNIO
import Testing

@Suite("Values of header fields (RFC 9110, 5.5 and 5.6)") struct FieldValueTests {
    @Test(arguments: [
        ("", ""), ("v", "v"), (" v", "v"), ("v ", "v"), ("\tv \t", "v"), ("a b", "a b"), (" \t ", ""),
        ("\u{A0}v", "\u{A0}v"), ("é ", "é"),
    ])
    func whiteSpaceAroundIsNoPart(value: String, trimmed: String) {
        #expect(FieldValue.trimmed(value) == trimmed)
        #expect(FieldValue.isUntrimmed(value) == (value != trimmed))
    }

    @Test(arguments: [
        ("", []), (",, ,", []), ("close", ["close"]), ("Keep-Alive,\tX ", ["keep-alive", "x"]),
        ("a,b , c", ["a", "b", "c"]),
    ])
    func aListIsReadAsTokens(value: String, tokens: [String]) {
        #expect(FieldValue.tokens(value) == tokens)
    }

    @Test func fieldsOfOneNameAreOneList() {
        let fields = HTTPHeaders([("connection", "a"), ("x", "y"), ("Connection", "\tB ,c")])
        #expect(fields.tokens("connection") == ["a", "b", "c"])
    }

    @Test func allValuesOfAHeadAreTrimmed() {
        var fields = HTTPHeaders([("a", "b"), ("c", " d\t"), ("a", "e ")])
        fields.trimValues()
        #expect(fields.map(\.value) == ["b", "d", "e"])
        #expect(fields.map(\.name) == ["a", "c", "a"])
    }

    @Test(
        "A host and maybe a port (RFC 3986, 3.2)",
        arguments: [
            "", "a", "example.org", "EXAMPLE.org.", "127.0.0.1", "127.0.0.1:80", "a:", "a:65535", "[::1]", "[::1]:8000",
            "[2001:db8::7%25]".replacingPercent, "a_b", "a%20b", "x-y~z!$&'()*+,;=", "[v1.a:b]",
        ])
    func aHostIsTaken(value: String) { #expect(HostField.isLegal(value[...])) }

    @Test(arguments: [
        "a b", "a\tb", "a/b", "u@a", "a<b", "[::1", "::1", "a:xx", "a:1:2", "a?b", "a#b", "b\u{FFFD}cher", "é", "a%2",
        "a%zz", "[]", "[a]", "[1.2.3.4]", "[::1]a", "[::1]:a", "[v.a]", "[v1.]", "[fe80::1%eth0]", "a\\b", "\"a\"",
        "a]",
    ])
    func whatIsNoHostIsNot(value: String) {
        #expect(!HostField.isLegal(value[...]))
        #expect(!HostField.isLegalAuthority(value[...]))
    }

    @Test func aURLHasAHost() {
        #expect(HostField.isLegalAuthority("a:80"))
        #expect(!HostField.isLegalAuthority("") && !HostField.isLegalAuthority(":80"))
    }
}

extension String {
    /// An address without a zone.
    fileprivate var replacingPercent: String { self.replacing("%25", with: "") }
}

@Suite("Methods that the parser does not know (RFC 9110, 9.1)") struct RequestDecoderTests {
    enum Outcome: Hashable, Sendable {
        case method(String)
        case unknownMethod
        case noRequest
    }

    /// What comes of bytes, given in pieces of a size.
    static func outcome(_ text: String, pieces: Int) throws -> Outcome {
        let channel = EmbeddedChannel()
        try channel.pipeline.syncOperations.addHandler(RequestDecoder.handler())
        let bytes = Array(text.utf8)
        do {
            for start in stride(from: 0, to: bytes.count, by: pieces) {
                try channel.writeInbound(ByteBuffer(bytes: bytes[start..<min(start + pieces, bytes.count)]))
            }
        } catch HTTPParserError.invalidMethod {
            return .unknownMethod
        } catch is HTTPParserError {
            return .noRequest
        }
        var last = Outcome.noRequest
        while let part = try channel.readInbound(as: HTTPServerRequestPart.self) {
            if case .head(let head) = part { last = .method(head.method.name) }
        }
        return last
    }

    @Test(arguments: [1, 7, 1_000])
    func anUnknownMethodIsToldFromNoise(pieces: Int) throws {
        let head = " /a HTTP/1.1\r\nhost: a\r\n\r\n"
        for method in ["OHAI", "get", "LIST", "VERSION-CONTROL", "GETX", "X'!"] {
            #expect(try Self.outcome(method + head, pieces: pieces) == .unknownMethod, "\(method)")
        }
        // Where the line can be seen whole: byte by byte a part of one is all there is.
        guard pieces == 1_000 else { return }
        let noises = [
            "\u{16}\u{3}\u{1}", "NONSENSE\r\n\r\n", "NONSENSE\r\n\r\nok", "OHAI /\r\n\r\n", "O(I" + head,
            "OHAI / FTP/1.1\r\n\r\n",
        ]
        for noise in noises {
            #expect(try Self.outcome(noise, pieces: pieces) == .noRequest, "\(noise)")
        }
        #expect(try Self.outcome("DESCRIBE" + head, pieces: pieces) == .unknownMethod)
        let get = "GET" + head
        #expect(try Self.outcome(get + "OHAI" + head + get, pieces: pieces) == .unknownMethod)
        #expect(try Self.outcome(get + "\u{1}" + head, pieces: pieces) == .noRequest)
    }

    @Test func everyMethodThatIsSaidToBeKnownIs() throws {
        for method in RequestLine.methods where method != "CONNECT" {
            let text = "\(method) / HTTP/1.1\r\nhost: a\r\ncontent-length: 0\r\n\r\n"
            #expect(try Self.outcome(text, pieces: 1_000) == .method(method))
        }
    }
}
