import SeawayMessage
import SeawayServer
import Testing

@Suite("What workers say to sockets (W7, W11)") struct SocketMessageTests {
    private func fault(_ message: Message) -> SocketMessageFault? {
        do throws(SocketMessageFault) {
            _ = try SocketMessage(message.payload)
            return nil
        } catch {
            return error
        }
    }

    @Test(
        arguments: [
            (["accept": true], .accept), (["accept": true, "close": 4_000], .accept),
            (["accept": false], .refuse), (["accept": false, "text": "x"], .refuse),
            (["text": "hi"], .accept), (["bytes": .bytes([])], .accept), (["text": "hi", "close": true], .accept),
            (["close": true], .refuse), (["close": 4_000, "reason": "no"], .refuse),
            ([:], .malformed(.empty(.handshake, has: "no field"))),
            (["close": false], .malformed(.empty(.handshake, has: "close"))),
            (["serial": true], .malformed(.empty(.handshake, has: "serial"))),
            (["accept": nil, "text": nil], .malformed(.empty(.handshake, has: "accept and text"))),
        ] as [(Message, SocketDecision)])
    func theFirstMessageDecides(message: Message, decision: SocketDecision) throws {
        #expect(SocketDecision(try SocketMessage(message.payload)) == decision)
    }

    @Test(
        arguments: [
            ["text": 1], ["text": .bytes([0xFF])], ["bytes": 1], ["accept": 1], ["accept": "true"], ["close": "1000"],
            ["reason": 1, "close": true], ["done": "1"], ["serial": 1], ["subprotocol": 1], ["receive_channel": 1],
        ] as [Message])
    func aWrongTypeIsNamed(message: Message) {
        let field = message.keys.first ?? ""
        #expect(self.fault(message) == .wrongType(field: field))
    }

    @Test func textAndBytesTogetherAreMalformed() {
        #expect(self.fault(["text": "a", "bytes": .bytes([1])]) == .textAndBytes)
        #expect(self.fault(["text": "a", "bytes": nil]) == nil)
    }

    @Test(arguments: [1_000, 1_001, 1_002, 1_003, 1_007, 1_011, 1_014, 3_000, 4_999] as [Int64])
    func codesThatMayBeSent(code: Int64) throws {
        let message = try SocketMessage((["close": .int(code)] as Message).payload)
        #expect(message.close.map { Int64($0.code.rawValue) } == code)
    }

    @Test(arguments: [0, 999, 1_004, 1_005, 1_006, 1_015, 2_999, 5_000, 65_536, -1, .max, .min] as [Int64])
    func codesThatMayNot(code: Int64) { #expect(self.fault(["close": .int(code)]) == .closeCode(code)) }

    @Test func trueIsTheNormalCodeAndFalseIsNone() throws {
        let closing = try SocketMessage((["close": true, "reason": "bye"] as Message).payload)
        #expect(closing.close == .init(code: .normal, reason: "bye"))
        #expect(try SocketMessage((["close": false, "text": ""] as Message).payload).close == nil)
    }

    @Test func aReasonHasAtMost123Bytes() {
        #expect(self.fault(["close": true, "reason": .string(String(repeating: "x", count: 123))]) == nil)
        #expect(
            self.fault(["close": true, "reason": .string(String(repeating: "ä", count: 62))]) == .reasonTooLong(124))
    }

    @Test func anEmptyTextIsAMessage() throws {
        let message = try SocketMessage((["text": ""] as Message).payload)
        #expect(message.data?.kind == .text && message.data?.bytes.isEmpty == true)
    }

    @Test("V10") func aStringIsTakenAsBytes() throws {
        let message = try SocketMessage((["bytes": "hi"] as Message).payload)
        #expect(message.data?.kind == .binary && message.data.map { Array($0.bytes) } == Array("hi".utf8))
    }

    @Test("W18") func nullGivesTheSocketBack() throws {
        #expect(try SocketMessage((["receive_channel": nil] as Message).payload).direction == .shared)
        #expect(try SocketMessage((["receive_channel": "a!b"] as Message).payload).direction == .own("a!b"))
        #expect(try SocketMessage((["done": 3] as Message).payload).direction == nil)
    }

    @Test func unknownFieldsArePassedOver() throws {
        let message = try SocketMessage((["x": ["deep": [1, 2]], "text": "hi", "y": nil] as Message).payload)
        #expect(message.data.map { Array($0.bytes) } == Array("hi".utf8))
    }

    @Test(
        arguments: [[], [0xC0], [0x93, 1, 2, 3], [0x81], [0x81, 0xA4], [0x80, 0x80], [0x81, 0x01, 0x01]] as [[UInt8]])
    func bytesThatAreNoMessage(bytes: [UInt8]) {
        #expect(throws: SocketMessageFault.notAMessage) { try SocketMessage(Payload(messagePack: bytes)) }
    }
}

@Suite("Which sites may open sockets (W22)") struct OriginCheckTests {
    @Test(arguments: [
        ("https://example.org", true), ("HTTPS://Example.ORG", true), ("http://example.org", false),
        ("https://example.org:8443", false), ("https://example.org.evil.net", false), ("https://a.example.net", true),
        ("https://example.net", true), ("http://b.a.example.net:81", true), ("https://notexample.net", false),
        ("https://example.net/x", false), ("example.net", false), ("null", false), ("", false), ("file://", false),
    ])
    func anOriginIsOneOfThoseGiven(origin: String, isAllowed: Bool) throws {
        #expect(try OriginCheck(["https://example.org", "*.example.net"]).allows([origin]) == isAllowed)
    }

    @Test func whatIsNotABrowserPasses() throws {
        let check = try OriginCheck(["https://example.org"])
        #expect(check.allows([]))
        #expect(!check.allows(["https://example.org", "https://example.org"]))
        #expect(OriginCheck().allows(["https://anywhere.org"]))
    }

    /// As browsers send them: without the scheme's own port, in lower case, names in ASCII.
    @Test(arguments: [
        ("https://example.org:443", "https://example.org", true), ("http://example.org:80", "http://example.org", true),
        ("https://example.org", "https://example.org:443", true), ("https://example.org:", "https://example.org", true),
        ("http://example.org:443", "http://example.org", false), ("https://example.org", "http://example.org", false),
        ("https://*.example.org", "https://a.example.org", true),
        ("https://*.example.org", "https://example.org", true),
        ("https://*.example.org", "http://a.example.org", false),
        ("https://*.example.org", "https://a.example.org:8443", false),
        ("https://*.example.org", "https://notexample.org", false),
        ("*.example.org:8443", "https://a.example.org:8443", true),
        ("*.example.org:8443", "https://a.example.org", false),
        ("*.example.org:443", "https://a.example.org", true), ("*.example.org:443", "http://a.example.org", false),
        ("*.example.org", "http://a.example.org:81", true), ("*.example.org", "https://example.org:@evil.com", false),
        ("*.example.org", "https://example.org.evil.com", false), ("*.example.org", "https://a@example.org", false),
        ("*.example.org", "https://example.org:0x50", false), ("*.example.org", "https://example.org:70000", false),
        ("https://b\u{FC}cher.example", "https://xn--bcher-kva.example", true),
        ("https://B\u{DC}CHER.example:8443", "https://xn--bcher-kva.example:8443", true),
        ("*.b\u{FC}cher.example", "https://a.xn--bcher-kva.example", true),
        ("http://[::1]:8000", "http://[::1]:8000", true), ("http://[0:0::1]", "http://[::1]", true),
        ("http://127.0.0.1:8000", "http://127.0.0.1:8000", true), ("http://[::1]", "http://[::1]x", false),
        ("chrome-extension://abcd", "chrome-extension://abcd", true),
    ])
    func anOptionMeansWhatBrowsersSend(option: String, origin: String, isAllowed: Bool) throws {
        #expect(try OriginCheck([option]).allows([origin]) == isAllowed)
    }

    @Test(arguments: [
        ("", "a scheme is missing"), ("example.org", "a scheme is missing"), ("https://", "there is no host"),
        ("https://example.org/", "browsers send no '/' with it"), ("https://example.org/x", "browsers send no '/x'"),
        ("*.", "there is no host"), ("*.a/b", "browsers send no '/b'"), ("*", "all sites may"),
        ("null", "a scheme is missing"),
        ("https://u@example.org", "browsers send no '@example.org'"),
        ("https://example.org?x", "browsers send no '?x'"),
        ("https://a.*.example.org", "'*' is not a part of a host name"),
        ("https://*", "'*' is not a part of a host name"),
        ("https://*example.org", "'*example' is not a part of a host name"),
        ("https://a..b", "two dots stand together"),
        ("https://example.org:http", "'http' is not a port"), ("https://example.org:0", "'0' is not a port"),
        ("https://example.org:65536", "'65536' is not a port"), ("https:// example.org", "white space"),
        ("https://[::1", "the address has no end"), ("https://[x]", "[x] is not an IP address"),
        ("http://127.1", "127.1 is not an IP address"), ("http://1.2.3.256", "1.2.3.256 is not an IP address"),
        ("1+2://example.org", "'1+2' is not a scheme"), ("https://ex%61mple.org", "is not a part of a host name"),
    ])
    func anOptionThatMatchesNothingIsRefusedWithWhatIsWrong(text: String, why: String) {
        let error = #expect(throws: OriginError.self) { try OriginCheck([text]) }
        #expect(error?.description.hasPrefix("'\(text)' is not an origin: ") == true)
        #expect(error?.description.contains(why) == true, "\(error?.description ?? "")")
    }
}

@Suite("What people are told of a message that says nothing (W11)") struct EmptyMessageTests {
    private func sentence(_ message: Message) throws -> String {
        try SocketMessage(message.payload).isEmpty(for: .browser).description
    }

    @Test func itsFieldsAreNamedAndNothingThatTheyHold() throws {
        #expect(
            try self.sentence(["title": "secret"])
                == "a message for a socket needs text or bytes; this one has title")
        #expect(try self.sentence([:]).hasSuffix("this one has no field"))
        #expect(try self.sentence(["a": 1, "b": ["c": 2]]).hasSuffix("this one has a and b"))
    }

    @Test func theSentenceIsBounded() throws {
        let many = Message((0..<1_000).map { ("field\($0)", Value.int(Int64($0))) })
        #expect(try self.sentence(many).hasSuffix("this one has field0, field1, field2, field3, field4 and 995 more"))
        let long = Message([(String(repeating: "x", count: 5_000), Value.int(1))])
        #expect(try self.sentence(long).hasSuffix("this one has \(String(repeating: "x", count: 32))…"))
    }
}

@Suite("Routes of sockets (W2, W13)") struct SocketRouteTests {
    @Test(
        arguments: [
            ("/", "websocket.connect", "websocket.receive", "websocket.disconnect", .wait),
            ("/live/x", "websocket.connect.live", "websocket.receive.live", "websocket.disconnect.live", .keepNewest),
            ("/chat", "chat", "chat.receive", "chat.disconnect", .wait),
            ("/a=b", "eq", "eq.receive", "eq.disconnect", .dropOldest),
        ] as [(String, String, String, String, OutboxPolicy)])
    func channelsStandBesideEachOther(
        path: String, connect: String, receive: String, disconnect: String, overflow: OutboxPolicy
    ) throws {
        let routes = try Routes<SocketRoute>([
            "/live=websocket.connect.live,overflow=keep-newest", "/chat=chat", "/a=b=eq,overflow=drop-oldest",
        ])
        let route = routes.match(host: nil, path: path)
        #expect(
            [route.channel, route.receiveChannel, route.disconnectChannel] == [connect, receive, disconnect]
                && route.overflow == overflow)
    }

    @Test func whatTheTextLeavesOpenIsTheServers() throws {
        let routes = try Routes<SocketRoute>(
            ["/a=x", "/b=y,overflow=wait"], fallback: SocketRoute(channel: "z", overflow: .keepNewest))
        #expect(
            ["/a", "/b", "/c"].map { routes.match(host: nil, path: $0).overflow } == [.keepNewest, .wait, .keepNewest])
    }

    @Test(arguments: [
        "/a", "/a=", "/a=b!c", "/a=b,overflow=", "/a=b,overflow=never", "/a=b,overflow=wait,x=y", "/a=b,c",
    ])
    func aMalformedRouteIsNamed(text: String) {
        let error = #expect(throws: RouteError.self) { try Routes<SocketRoute>([text]) }
        #expect(error?.description.hasPrefix("route '\(text)': ") == true)
    }
}
