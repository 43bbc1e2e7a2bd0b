import SeawayNATS
import TestSupport
import Testing

/// What a server says, cut in every way, is the same frames.
@Suite struct ParserTests {
    /// Reads a stream in pieces, as a session does.
    static func frames(_ pieces: [[UInt8]], limits: NATSLimits = NATSLimits()) throws(NATSStreamError) -> [String] {
        var parser = NATSParser(limits: limits)
        var frames: [String] = []
        var unread: [UInt8] = []
        for piece in pieces {
            unread += piece
            while !unread.isEmpty, case .frame(let frame) = try parser.step(unread.span) {
                frames.append(self.describe(frame, unread))
                unread.removeFirst(frame.length)
            }
        }
        return frames
    }

    static func describe(_ frame: NATSFrame, _ bytes: [UInt8]) -> String {
        func text(_ range: Range<Int>) -> String { String(decoding: bytes[range], as: UTF8.self) }
        return switch frame.content {
        case .info(let json): "info \(text(json))"
        case .ping: "ping"
        case .pong: "pong"
        case .ok: "ok"
        case .error(let words): "error \(text(words))"
        case .message(let message):
            "message \(text(message.subject)) \(message.subscription) \(message.reply.map(text) ?? "-") "
                + "[\(NATSHeaders(bytes[message.headers].span)?.status ?? 0)] \(text(message.payload))"
        }
    }

    static let stream =
        "INFO {\"server_id\":\"A\"} \r\n+OK\r\nMSG a.b 7 5\r\nhello\r\nping\r\nMSG a 9 _INBOX.x 0\r\n\r\n"
        + "HMSG\ta.b  12 r.1 34 39\r\nNATS/1.0 503 No\r\nStatus-X: a b\r\n\r\nbody!\r\nPONG\n-ERR 'Stale Connection'\r\n"

    static let expected = [
        "info {\"server_id\":\"A\"}", "ok", "message a.b 7 - [0] hello", "ping", "message a 9 _INBOX.x [0] ",
        "message a.b 12 r.1 [503] body!", "pong", "error 'Stale Connection'",
    ]

    @Test(arguments: Cut.allCases)
    func aStreamIsTheSameHoweverItIsCut(cut: Cut) throws {
        #expect(try Self.frames(cut.pieces(of: Array(Self.stream.utf8))) == Self.expected)
    }

    @Test func aStreamCutInTwoIsTheSameAtEveryPlace() throws {
        let bytes = Array(Self.stream.utf8)
        for place in bytes.indices {
            #expect(
                try Self.frames([Array(bytes[..<place]), Array(bytes[place...])]) == Self.expected, "cut at \(place)")
        }
    }

    @Test(arguments: [
        ("HELLO\r\n", NATSStreamError.unknownVerb), ("\r\n", .unknownVerb), ("MSG a 1\r\n", .malformed),
        ("MSG a x 1\r\n", .malformed), ("MSG a 1 -1\r\n", .malformed), ("MSG a 1 b c d 1\r\n", .malformed),
        ("HMSG a 1 5 4\r\n", .malformed), ("MSG a 1 9999999999999999999\r\n", .malformed),
        ("MSG a 1 101\r\n", .payloadTooLarge(limit: 100)), ("MSG a 1 1\r\nxyz", .payloadNotEnded),
        ("MSG " + String(repeating: "a", count: 60), .lineTooLong(limit: 50)),
        ("INFO " + String(repeating: "a", count: 90), .lineTooLong(limit: 80)),
    ])
    func whatIsNoFrameEndsTheStream(text: String, error: NATSStreamError) {
        var limits = NATSLimits()
        (limits.maxInfo, limits.maxLine, limits.maxPayload) = (80, 50, 100)
        #expect(throws: error) { try Self.frames([Array(text.utf8)], limits: limits) }
        #expect(throws: error) { try Self.frames(Cut.byteByByte.pieces(of: Array(text.utf8)), limits: limits) }
    }

    @Test func whatIsAtItsLimitIsTaken() throws {
        var limits = NATSLimits()
        (limits.maxLine, limits.maxPayload) = (12, 100)
        let payload = String(repeating: "x", count: 100)
        #expect(try Self.frames([Array("MSG aaa 1 100\n\(payload)\r\n".utf8)], limits: NATSLimits()).count == 1)
        limits.maxLine = 13
        #expect(try Self.frames([Array("MSG aaa 1 100\n\(payload)\r\n".utf8)], limits: limits).count == 1)
    }
}

@Suite struct WritingTests {
    private func written(_ write: (inout NATSWriter) -> Void) -> String {
        var writer = NATSWriter()
        write(&writer)
        return String(decoding: writer.bytes, as: UTF8.self)
    }

    @Test func whatIsSaidHasTheFormsOfTheProtocol() {
        let headers = NATSHeaders(["Nats-Msg-Id": "17", "bad name": "x", "Bad": "a\r\nb"])
        #expect(self.written { $0.connect("{}") } == "CONNECT {}\r\n")
        #expect(self.written { $0.ping() } == "PING\r\n")
        #expect(self.written { $0.pong() } == "PONG\r\n")
        #expect(self.written { $0.subscribe("a.*", 3) } == "SUB a.* 3\r\n")
        #expect(self.written { $0.subscribe("a.>", queue: "q", 3) } == "SUB a.> q 3\r\n")
        #expect(self.written { $0.unsubscribe(3) } == "UNSUB 3\r\n")
        #expect(self.written { $0.publish("a", Array("hi".utf8)) } == "PUB a 2\r\nhi\r\n")
        #expect(self.written { $0.publish("a", reply: "r", []) } == "PUB a r 0\r\n\r\n")
        #expect(
            self.written { $0.publish("a", reply: "r", headers: headers.block, Array("hi".utf8)) }
                == "HPUB a r 29 31\r\nNATS/1.0\r\nNats-Msg-Id: 17\r\n\r\nhi\r\n")
    }

    @Test func headersAreReadAsTheyWereWritten() throws {
        let text = "NATS/1.0 409 Leadership Change\r\nA: b: c \r\nEmpty:\r\n\r\n"
        let read = NATSHeaders(Array(text.utf8).span)
        let headers = try #require(read)
        #expect(headers.status == 409)
        #expect(headers.text == "Leadership Change")
        #expect(headers["a"] == "b: c")
        #expect(headers["empty"] == "")
        #expect(headers["other"] == nil)
    }

    @Test(arguments: [
        "", "NATS/1.0", "NATS/1.0\r\n", "NATS/2.0\r\n\r\n", "NATS/1.0 x\r\n\r\n", "NATS/1.0\r\nno colon\r\n\r\n",
        "NATS/1.0\n\n", "NATS/1.0\r\nA: b\r\n", "NATS/1.0\r\n\r\nmore", "NATS/1.0 -1\r\n\r\n",
    ])
    func bytesThatAreNoHeadersAreNone(text: String) { #expect(NATSHeaders(Array(text.utf8).span) == nil) }

    @Test func onlyLegalSubjectsAreSaid() {
        for subject in ["a", "a.b", "sw.q.s.a!", "$JS.ACK.a.b.1.2.3.4.5", "~", "a.~.b"] {
            #expect(NATSSubject.isLegal(subject), "\(subject)")
        }
        for subject in [
            "", ".", "a.", ".a", "a..b", "a b", "a\r\nPUB x 0", "a.*", ">", "\u{7F}",
            String(repeating: "a", count: 1_025),
        ] {
            #expect(!NATSSubject.isLegal(subject), "\(subject)")
        }
        for subject in ["*", ">", "a.*.b", "a.>"] {
            #expect(NATSSubject.isLegal(subject, wildcards: true), "\(subject)")
        }
        for subject in ["a*", "*a", ">.a", "a.>b", "a.**"] {
            #expect(!NATSSubject.isLegal(subject, wildcards: true), "\(subject)")
        }
    }
}
