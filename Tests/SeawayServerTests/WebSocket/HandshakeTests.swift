import NIOHTTP1
import SeawayServer
import Testing

@Suite("The opening handshake (RFC 6455, section 4.2)") struct HandshakeTests {
    static func head(
        method: HTTPMethod = .GET, version: HTTPVersion = .http1_1, without name: String = "",
        _ more: (String, String)...
    ) -> HTTPRequestHead {
        var fields = HTTPHeaders([
            ("Host", "localhost"), ("Upgrade", "websocket"), ("Connection", "Upgrade"),
            ("Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ=="), ("Sec-WebSocket-Version", "13"),
        ])
        if !name.isEmpty { fields.remove(name: name) }
        fields.add(contentsOf: more)
        return HTTPRequestHead(version: version, method: method, uri: "/chat", headers: fields)
    }

    static func fault(_ head: HTTPRequestHead) -> WebSocketHandshakeFault? {
        do throws(WebSocketHandshakeFault) {
            _ = try WebSocketHandshake(head)
            return nil
        } catch {
            return error
        }
    }

    static func answer(
        _ offers: String..., configure: (inout DeflateConfiguration) -> Void = { _ in }
    ) throws -> (field: String?, parameters: DeflateParameters?) {
        var configuration = DeflateConfiguration()
        configuration.serverMaxWindowBits = 15
        configuration.clientMaxWindowBits = 15
        configure(&configuration)
        var head = self.head()
        for offer in offers { head.headers.add(name: "sec-websocket-extensions", value: offer) }
        let accepted = try WebSocketHandshake(head).accept(subprotocol: nil, deflate: configuration)
        return (accepted.fields.first { $0.name == "sec-websocket-extensions" }?.value, accepted.deflate)
    }

    @Test func theExampleOfTheSpecification() throws {
        let handshake = try WebSocketHandshake(Self.head(("Sec-WebSocket-Protocol", "chat, superchat")))
        #expect(handshake.subprotocols == ["chat", "superchat"])
        let accepted = try handshake.accept(subprotocol: "chat", deflate: DeflateConfiguration())
        #expect(
            accepted.fields.map { "\($0.name): \($0.value)" } == [
                "upgrade: websocket", "connection: Upgrade", "sec-websocket-accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=",
                "sec-websocket-protocol: chat",
            ])
        #expect(accepted.deflate == nil)
    }

    @Test func wordsMayStandAmongOthersInAnyCase() throws {
        let head = Self.head(without: "connection", ("Connection", "keep-alive, UPGRADE"))
        #expect(Self.fault(head) == nil)
        #expect(Self.fault(Self.head(without: "upgrade", ("Upgrade", "h2c"), ("Upgrade", "WebSocket"))) == nil)
    }

    @Test func everyRuleHasItsFault() {
        #expect(Self.fault(Self.head(method: .POST)) == .method)
        #expect(Self.fault(Self.head(version: .http1_0)) == .httpVersion)
        #expect(Self.fault(Self.head(without: "upgrade")) == .upgrade)
        #expect(Self.fault(Self.head(without: "connection")) == .upgrade)
        #expect(Self.fault(Self.head(without: "upgrade", ("Upgrade", "websocketx"))) == .upgrade)
        #expect(Self.fault(Self.head(("Content-Length", "5"))) == .body)
        #expect(Self.fault(Self.head(("Transfer-Encoding", "chunked"))) == .body)
        #expect(Self.fault(Self.head(("Sec-WebSocket-Protocol", "a, b c"))) == .subprotocols)
        #expect(
            Self.fault(Self.head(("Sec-WebSocket-Protocol", "a, b"), ("sec-websocket-protocol", "a"))) == .subprotocols)
    }

    @Test("Z9") func overHTTP2NeitherUpgradeNorKeyAreAskedFor() throws {
        var head = Self.head(version: .http2, without: "upgrade", ("Sec-WebSocket-Protocol", "chat"))
        for name in ["connection", "sec-websocket-key"] { head.headers.remove(name: name) }
        let accepted = try WebSocketHandshake(head).accept(subprotocol: "chat", deflate: DeflateConfiguration())
        #expect(accepted.fields.map { "\($0.name): \($0.value)" } == ["sec-websocket-protocol: chat"])
        head.headers.remove(name: "sec-websocket-version")
        #expect(Self.fault(head) == .version)
    }

    @Test(arguments: ["", "8", "13, 8", "013"]) func onlyVersion13IsSpoken(version: String) {
        let fault = Self.fault(Self.head(without: "sec-websocket-version", ("Sec-WebSocket-Version", version)))
        #expect(fault == .version)
        #expect(fault?.status == 426)
        #expect(fault?.fields.contains { $0 == ("sec-websocket-version", "13") } == true)
        #expect(Self.fault(Self.head(("Sec-WebSocket-Version", "13"))) == .version)
    }

    @Test(arguments: [
        "", "dGhlIHNhbXBsZSBub25jZQ", "dGhlIHNhbXBsZSBub25jZQ=", "dGhlIHNhbXBsZSBub25jZQ===",
        "dGhlIHNhbXBsZSBub25jZS4=",
        "dGhlIHNhbXBsZSBub25j*Q==", "dGhlIHNhbXBsZSBub25jZTEyMw==", "ÄhlIHNhbXBsZSBub25jZQ==",
    ]) func aKeyIsSixteenBytes(key: String) {
        #expect(Self.fault(Self.head(without: "sec-websocket-key", ("Sec-WebSocket-Key", key))) == .key)
        #expect(Self.fault(Self.head(("Sec-WebSocket-Key", key))) == .key)
    }

    @Test func aSubprotocolThatWasNotOfferedIsTheWorkersFault() throws {
        let handshake = try WebSocketHandshake(Self.head(("Sec-WebSocket-Protocol", "chat")))
        #expect(throws: WebSocketHandshakeFault.subprotocolNotOffered) {
            _ = try handshake.accept(subprotocol: "Chat", deflate: DeflateConfiguration())
        }
        #expect(
            WebSocketHandshake.isOwnField("Sec-WebSocket-Accept".utf8)
                && !WebSocketHandshake.isOwnField("set-cookie".utf8))
    }

    @Test func everyFaultCanBeTold() {
        for fault in WebSocketHandshakeFault.allCases {
            #expect(fault.status >= 400 && fault.text.hasSuffix("."))
        }
    }

    // MARK: Extensions

    @Test(arguments: [
        "permessage-deflate;", "permessage-deflate; a=", "permessage-deflate; =1", "permessage-deflate x", ";",
        "a; b=\"", "a; b=\"c",
        "a; b=\"\"", "a; b=\"c d\"", "a; b=\"c\\", "a/b", "a; b c",
    ]) func anIllFormedListIsRefused(extensions: String) {
        #expect(Self.fault(Self.head(("Sec-WebSocket-Extensions", extensions))) == .extensions)
    }

    @Test func quotesMeanTheSame() throws {
        #expect(
            try Self.answer("permessage-deflate; server_max_window_bits=\"1\\0\"").field
                == "permessage-deflate; server_max_window_bits=10")
    }

    /// RFC 7692, section 7.1.
    @Test(arguments: [
        ("permessage-deflate", "permessage-deflate"),
        ("Permessage-Deflate", "permessage-deflate"),
        ("permessage-deflate; server_no_context_takeover", "permessage-deflate; server_no_context_takeover"),
        ("permessage-deflate; client_no_context_takeover", "permessage-deflate; client_no_context_takeover"),
        ("permessage-deflate; server_max_window_bits=8", "permessage-deflate; server_max_window_bits=8"),
        ("permessage-deflate; client_max_window_bits", "permessage-deflate; client_max_window_bits=15"),
        ("permessage-deflate; client_max_window_bits=9", "permessage-deflate; client_max_window_bits=9"),
        ("permessage-deflate; server_max_window_bits=20, permessage-deflate", "permessage-deflate"),
        (
            "x-other, permessage-deflate; unknown, permessage-deflate; server_max_window_bits=9, permessage-deflate",
            "permessage-deflate; server_max_window_bits=9"
        ),
        (",permessage-deflate ,", "permessage-deflate"),
    ]) func anOfferIsAgreedTo(offer: String, answer: String) throws {
        #expect(try Self.answer(offer).field == answer)
    }

    @Test(arguments: [
        "server_no_context_takeover=1", "client_no_context_takeover=true", "server_max_window_bits",
        "server_max_window_bits=7", "server_max_window_bits=16", "server_max_window_bits=08",
        "server_max_window_bits=+9",
        "client_max_window_bits=7", "client_max_window_bits=16", "client_max_window_bits=99999999999999999999",
        "client_max_window_bits; client_max_window_bits", "no_such_thing",
    ]) func aMalformedOfferIsDeclined(parameters: String) throws {
        let answer = try Self.answer("permessage-deflate; \(parameters)")
        #expect(answer.field == nil && answer.parameters == nil)
    }

    @Test func offersInSeveralFieldsAreOneList() throws {
        let answer = try Self.answer("permessage-deflate; x", "permessage-deflate; client_no_context_takeover")
        #expect(answer.parameters == DeflateParameters(clientNoContextTakeover: true))
    }

    @Test func theServersOwnBoundsHold() throws {
        let answer = try Self.answer("permessage-deflate; client_max_window_bits; server_max_window_bits=14") {
            $0 = DeflateConfiguration()
            $0.serverContextTakeover = false
            $0.clientContextTakeover = false
        }
        #expect(
            answer.field == "permessage-deflate; server_no_context_takeover; client_no_context_takeover; "
                + "server_max_window_bits=12; client_max_window_bits=12")
        // A client that does not know the parameter cannot be bounded, and need not be told of the server's.
        let plain = try Self.answer("permessage-deflate") { $0 = DeflateConfiguration() }
        #expect(plain.field == "permessage-deflate")
        #expect(plain.parameters == DeflateParameters(serverMaxWindowBits: 12, clientMaxWindowBits: 15))
        #expect(try Self.answer("permessage-deflate") { $0.isEnabled = false }.parameters == nil)
    }
}
