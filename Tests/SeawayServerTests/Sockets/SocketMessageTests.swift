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
            ([:], .malformed(.empty)), (["close": false], .malformed(.empty)), (["serial": true], .malformed(.empty)),
            (["accept": nil, "text": nil], .malformed(.empty)),
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
        #expect(self.fault(["close": true, "reason": .string(String(repeating: "ä", count: 62))]) == .reasonTooLong)
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

    @Test(arguments: ["", "example.org", "https://", "https://example.org/", "https://example.org/x", "*.", "*.a/b"])
    func anOriginThatIsNoneIsNamed(text: String) {
        let error = #expect(throws: OriginError.self) { try OriginCheck([text]) }
        #expect(error?.description.hasPrefix("'\(text)' is not an origin") == true)
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
