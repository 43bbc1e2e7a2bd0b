import SeawayMessage
import SeawayNIO
import SeawayServer
import SeawayTesting
import Testing

@Suite("A request has one name in all logs (I82)") struct RequestIDTests {
    private func server(_ rule: RequestID.Rule, log: LogLines = LogLines()) -> EmbeddedServer {
        EmbeddedServer(log: log) {
            $0.requestIDs = rule
            $0.forwarding.trusted = (try? TrustedPeers("10.0.0.0/8")) ?? TrustedPeers()
            $0.accessLog = log.access()
        }
    }

    private func fields(_ request: Message) -> [String] {
        (request["headers"]?.list ?? []).compactMap { pair in
            guard let name = pair.list?.first?.bytes, String(decoding: name, as: UTF8.self) == "x-request-id" else {
                return nil
            }
            return (pair.list?.last?.bytes).map { String(decoding: $0, as: UTF8.self) }
        }
    }

    @Test func itIsMadeAndStandsInTheMessageTheAnswerAndTheLog() throws {
        let log = LogLines()
        let server = self.server(.make, log: log)
        let client = try server.connect()
        var all: Set<String> = []
        for index in 0..<3 {
            try client.get("/moon", "x-request-id: mine\r\naccept: */*\r\n")
            let request = try #require(server.layer.requests.last)
            let id = try #require(request["request_id"]?.string)
            #expect(id.utf8.count == 32 && id.utf8.allSatisfy { $0 > 0x20 && $0 < 0x7F })
            // What the client has said is not to be taken for it.
            #expect(self.fields(request) == [id])
            #expect(request["headers"]?.list?.count == 3)
            server.answer(index, ["status": 200, "content": "hello"])
            #expect(try client.output().contains("\r\nx-request-id: \(id)\r\n"))
            #expect(log.lines.last?.contains(" request_id=\(id)") == true)
            all.insert(id)
        }
        #expect(all.count == 3)
    }

    @Test(arguments: [
        ("x-request-id: a.b-C/1\r\n", "a.b-C/1"), ("X-Request-ID:  padded \r\n", "padded"),
        ("x-request-id: \(String(repeating: "x", count: 128))\r\n", String(repeating: "x", count: 128)),
        ("x-request-id: \(String(repeating: "x", count: 129))\r\n", nil), ("x-request-id: a b\r\n", nil),
        ("x-request-id: \u{e9}\r\n", nil), ("x-request-id:\r\n", nil), ("x-request-id: a\r\nx-request-id: b\r\n", nil),
        ("", nil),
    ])
    func whatIsTakenIsShortAndVisible(field: String, id: String?) throws {
        for (rule, address) in [(RequestID.Rule.take, "192.0.2.7"), (.make, "10.1.2.3")] {
            let server = self.server(rule)
            try server.connect(from: address).get("/", field)
            let request = try #require(server.layer.requests.last)
            let told = try #require(request["request_id"]?.string)
            #expect(id.map { $0 == told } ?? (told.utf8.count == 32))
            #expect(self.fields(request) == [told])
        }
    }

    @Test func withoutNamesAClientsFieldIsOneLikeAnyOther() throws {
        let server = self.server(.off)
        let client = try server.connect()
        try client.get("/", "x-request-id: mine\r\n")
        let request = try #require(server.layer.requests.last)
        #expect(request["request_id"] == nil && self.fields(request) == ["mine"])
        server.answer(0, ["status": 200])
        #expect(try !client.output().contains("x-request-id"))
    }

    @Test func aWorkersOwnFieldStands() throws {
        let server = self.server(.make)
        let client = try server.connect()
        try client.get("/")
        server.answer(0, ["status": 200, "headers": [["X-Request-Id", "theirs"]]])
        let answer = try client.output()
        #expect(answer.contains("\r\nX-Request-Id: theirs\r\n") && !answer.contains("x-request-id: "))
    }

    @Test func whatTheServerAnswersByItselfSaysItToo() throws {
        let log = LogLines()
        let server = self.server(.take, log: log)
        let client = try server.connect()
        try client.get("/moon", "x-request-id: r1\r\n")
        server.pass(.seconds(120))
        let answer = try client.output()
        #expect(answer.hasPrefix("HTTP/1.1 504 ") && answer.contains("\r\nx-request-id: r1\r\n"))
        try client.get("/moon", "x-request-id: r2\r\n")
        server.answer(1, ["status": 1])
        #expect(log.lines.contains { $0.hasPrefix("malformed answer ") && $0.contains(" request_id=r2 ") })
    }

    @Test func aFieldThatConnectionListsIsOfNobody() throws {
        let server = self.server(.off)
        try server.connect().get("/", "connection: x-request-id\r\nx-request-id: mine\r\n")
        #expect(self.fields(try #require(server.layer.requests.last)).isEmpty)
    }

    @Test func aSocketIsNamedInItsConnect() throws {
        let log = LogLines()
        let server = EmbeddedServer(log: log, sockets: true) {
            $0.requestIDs = .take
            $0.accessLog = log.access()
        }
        let client = try server.connect()
        try client.get(
            "/live",
            "connection: upgrade\r\nupgrade: websocket\r\nsec-websocket-version: 13\r\n"
                + "sec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\nx-request-id: s1\r\n")
        let connect = try #require(server.layer.sent.first { $0.channel == "websocket.connect" }?.message)
        #expect(connect["request_id"] == "s1" && self.fields(connect) == ["s1"])
        server.layer.deliver(["accept": true], to: [try #require(connect["reply_channel"]?.string)])
        server.run()
        let answer = try client.output()
        #expect(answer.hasPrefix("HTTP/1.1 101 ") && answer.contains("\r\nx-request-id: s1\r\n"))
        #expect(log.lines.last?.contains(" status=101 ") == true)
        #expect(log.lines.last?.contains(" channel=websocket.connect request_id=s1") == true)
    }
}
