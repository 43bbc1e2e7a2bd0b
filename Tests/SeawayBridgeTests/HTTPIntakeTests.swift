import NIOHTTP1
import SeawayBridge
import SeawayMessage
import SeawayNIO
import SeawayWire
import Testing

/// BRIDGES.md, B17 to B22.
@Suite struct HTTPIntakeTests {
    private static let json = [("content-type", "application/json")]

    private func decision(
        _ uri: String, _ method: HTTPMethod = .POST, _ fields: [(String, String)] = Self.json,
        _ change: (inout HTTPIntakeRule) -> Void = { _ in }
    ) -> HTTPIntakeRule.Decision {
        var rule = HTTPIntakeRule()
        change(&rule)
        return rule.decision(
            for: HTTPRequestHead(version: .http1_1, method: method, uri: uri, headers: HTTPHeaders(fields)))
    }

    private func destination(_ decision: HTTPIntakeRule.Decision) -> Destination? {
        if case .read(let intake) = decision { intake.destination } else { nil }
    }

    @Test(arguments: [
        ("/groups/news", Destination.group("news")), ("/channels/chat.log?a=b", .channel("chat.log")),
        ("/channels/chat%2elog", .channel("chat.log")),
    ])
    func aPathNamesAGroupOrAChannel(_ uri: String, _ destination: Destination) {
        #expect(self.destination(self.decision(uri)) == destination)
    }

    @Test(arguments: [
        "/", "/groups", "/groups/", "/news", "/groups/a/b", "/groups/a%20b", "/groups/a!b", "/channels/a%21b",
        "/groups/a%2",
        "/groups/a%zz", "/groups/a%-1", "*", "http://a/groups/b", "//groups/a", "/channels/a%3Fb",
    ])
    func whatNamesNothingIsNotFound(_ uri: String) {
        guard case .refuse(let verdict) = self.decision(uri) else {
            Issue.record("\(uri) is read")
            return
        }
        #expect(verdict.status == .notFound)
    }

    @Test func aNameThatIsTooLongIsToldWithTheLimit() {
        let text = "a name has 1 to 255 bytes, this one has 256"
        let long = String(repeating: "a", count: 256)
        #expect(self.decision("/groups/\(long)") == .refuse(.illegalName(text)))
        #expect(HTTPVerdict.illegalName(text).body == ["error": "name", "text": .string(text)])
        let templated = self.decision("/\(long)") {
            $0.destinations = try? DestinationRule(.group, "{name}", illegal: .escape)
        }
        #expect(templated == .refuse(.illegalName(text)))
    }

    @Test func withATemplateEveryPathIsTaken() throws {
        let destinations = try DestinationRule(.group, "web.{name}", illegal: .escape)
        let decision = self.decision("/hooks/git%20hub") { $0.destinations = destinations }
        #expect(self.destination(decision) == .group("web.hooks.git_20hub"))
    }

    @Test(arguments: [HTTPMethod.GET, .PUT, .HEAD, .OPTIONS])
    func onlyPostIsTaken(_ method: HTTPMethod) {
        #expect(self.decision("/groups/news", method) == .refuse(.methodNotAllowed))
    }

    @Test(arguments: [
        ("application/json", BridgePayload.Format.json), ("application/json; charset=utf-8", .json),
        ("Application/CloudEvents+JSON", .json), ("text/plain;charset=utf-8", .data),
        ("application/octet-stream", .data),
    ])
    func theTypeSaysWhatABodyIs(_ type: String, _ format: BridgePayload.Format) {
        guard case .read(let intake) = self.decision("/groups/a", .POST, [("content-type", type)]) else {
            Issue.record("refused")
            return
        }
        #expect(intake.format == format)
    }

    @Test(arguments: ["text/html", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x", "json", ""])
    func otherTypesAreRefused(_ type: String) {
        #expect(self.decision("/groups/a", .POST, [("content-type", type)]) == .refuse(.unsupportedType))
    }

    @Test(arguments: [
        ([], HTTPVerdict.unauthorized), ([("authorization", "Basic abc")], .unauthorized),
        ([("authorization", "Bearer abc"), ("authorization", "Bearer abc")], .unauthorized),
        ([("authorization", "Bearer ab")], .forbidden), ([("authorization", "Bearer abcd")], .forbidden),
        ([("authorization", "bearer ")], .forbidden),
    ])
    func whoDoesNotKnowTheTokenIsRefused(_ fields: [(String, String)], _ verdict: HTTPVerdict) {
        let decision = self.decision("/groups/a", .POST, Self.json + fields) {
            $0.token = SharedSecret(Array("abc".utf8))
        }
        #expect(decision == .refuse(verdict))
    }

    @Test func whoKnowsTheTokenIsTaken() {
        let decision = self.decision("/groups/a", .POST, Self.json + [("Authorization", "Bearer abc")]) {
            $0.token = SharedSecret(Array("abc".utf8))
        }
        #expect(self.destination(decision) == .group("a"))
    }

    @Test(arguments: [" ", "\t", "  \t "]) func whiteSpaceIsNoPartOfAToken(_ space: String) {
        var head = HTTPRequestHead(
            version: .http1_1, method: .POST, uri: "/groups/a",
            headers: ["content-type": "\tapplication/json ;x", "authorization": "Bearer \(space)abc\(space)"])
        head.headers.trimValues()
        var rule = HTTPIntakeRule()
        rule.token = SharedSecret(Array("abc".utf8))
        #expect(self.destination(rule.decision(for: head)) == .group("a"))
    }

    @Test(
        "What no request may say (RFC 9112, 3.2 and 6.1)",
        arguments: [
            ([("host", "a")], nil), ([("host", "")], nil), ([], HTTPVerdict.badRequest),
            ([("host", "a b")], .badRequest), ([("host", "a"), ("host", "a")], .badRequest),
            ([("host", "a"), ("transfer-encoding", "\tChunked")], nil),
            ([("host", "a"), ("transfer-encoding", "gzip, chunked")], .notImplemented),
            ([("host", "a"), ("transfer-encoding", "gzip"), ("transfer-encoding", "chunked")], .notImplemented),
        ] as [([(String, String)], HTTPVerdict?)])
    func aFaultOfTheHeadIsFound(_ fields: [(String, String)], _ verdict: HTTPVerdict?) {
        let head = HTTPRequestHead(version: .http1_1, method: .POST, uri: "/groups/a", headers: HTTPHeaders(fields))
        #expect(HTTPIntakeRule.fault(of: head) == verdict)
    }

    @Test func onlyAllowedNamesArePostedTo() {
        let allow: (inout HTTPIntakeRule) -> Void = { $0.allowed = ["news.*", "log"].compactMap { Pattern($0) } }
        #expect(self.destination(self.decision("/groups/news.sport", .POST, Self.json, allow)) == .group("news.sport"))
        #expect(self.decision("/channels/http.request", .POST, Self.json, allow) == .refuse(.forbidden))
    }

    @Test func aBodyThatIsDeclaredTooLongIsRefusedFromItsHead() {
        let decision = self.decision("/groups/a", .POST, Self.json + [("content-length", "11")]) { $0.maxBody = 10 }
        #expect(decision == .refuse(.tooLarge("a body has at most 10 bytes, this one has 11")))
    }

    /// RFC 4231, test case 2.
    @Test(
        arguments: [
            ("5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843", nil),
            ("sha256=5BDCC146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843", nil),
            ("sha256=5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3844", HTTPVerdict.forbidden),
            ("sha256=", .forbidden), ("sha1=5bdcc146", .forbidden), ("", .forbidden), (nil, .unauthorized),
        ] as [(String?, HTTPVerdict?)])
    func aBodyMustBeSigned(_ given: String?, _ verdict: HTTPVerdict?) {
        var rule = HTTPIntakeRule()
        rule.signature = HTTPSignature(field: "x-signature", secret: Array("Jefe".utf8))
        let fields = Self.json + (given.map { [("X-Signature", $0)] } ?? [])
        let head = HTTPRequestHead(version: .http1_1, method: .POST, uri: "/groups/a", headers: HTTPHeaders(fields))
        guard case .read(let intake) = rule.decision(for: head) else {
            Issue.record("refused")
            return
        }
        #expect(rule.signatureFault(intake, Array("what do ya want for nothing?".utf8)) == verdict)
    }

    @Test(arguments: [
        (DestinationAnswer.sent(nil), 202, #"{"sent":1}"#),
        (.sent(GroupCounts(sent: 8, full: 3, gone: 1)), 200, #"{"sent":8,"full":3,"gone":1}"#),
    ])
    func whatWasSentIsCounted(_ answer: DestinationAnswer, _ status: Int, _ body: String) {
        let verdict = HTTPVerdict(answer)
        #expect(Int(verdict.status.code) == status)
        #expect(verdict.body.json == body)
        #expect(verdict.drop == nil)
    }
}
