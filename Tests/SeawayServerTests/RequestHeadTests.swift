import SeawayServer
import Testing

@Suite("What the head of a request says (I28)") struct RequestHeadTests {
    @Test(
        "The target (I7)",
        arguments: [
            ("/", "/", "/", ""),
            ("/moon?a=b?c", "/moon", "/moon", "a=b?c"),
            ("/a?", "/a", "/a", ""),
            ("/a%20b%2Fc", "/a b/c", "/a%20b%2Fc", ""),
            ("/%C3%A9", "/é", "/%C3%A9", ""),
            ("/%FF%C3", "/\u{FFFD}\u{FFFD}", "/%FF%C3", ""),
            ("/100%", "/100%", "/100%", ""),
            ("/%zz%4", "/%zz%4", "/%zz%4", ""),
            ("/a/../b", "/a/../b", "/a/../b", ""),
            ("*", "*", "*", ""),
            ("http://example.org", "/", "/", ""),
            ("HTTPS://example.org:8443/a?b", "/a", "/a", "b"),
            ("http://example.org?b", "/", "/", "b"),
        ])
    func isCutIntoPathAndQuery(target: String, path: String, rawPath: String, query: String) throws {
        let parts = try #require(RequestTarget(target))
        #expect(parts.path == path)
        #expect(parts.rawPath == rawPath)
        #expect(parts.query == query)
    }

    @Test(
        "A target that is no path (I7)",
        arguments: [
            "", "moon", "?a", "*a", "http://", "http:///a", "ftp://a/b", "/a#b", "/é", "/a%00", "localhost:80",
            "http://:80/", "http://u@a/", "http://a:xx/", "http://[::1/", "http://a<b/", "http://a,b@c/",
        ])
    func isRefused(target: String) { #expect(RequestTarget(target) == nil) }

    static func fields(_ pairs: (String, String)...) -> RequestFields {
        RequestFields(pairs.map { (name: $0.0, value: $0.1) })
    }

    @Test func fieldsOfTheConnectionEndHere() {
        let fields = Self.fields(
            ("Host", "a"), ("X-Before", "1"), ("Connection", "keep-alive, X-Before, host"), ("TE", "trailers"),
            ("Keep-Alive", "5"), ("Trailer", "x"), ("Upgrade", "h2c"), ("Transfer-Encoding", "chunked"),
            ("Proxy-Connection", "x"), ("Expect", "100-continue"), ("X_User", "root"), ("X-User", "me"),
            ("Content-Length", "5"))
        // I8: what Connection lists goes too, but for what the message cannot do without.
        #expect(fields.keptCount == 3)
        #expect(fields.keeps("host") && fields.keeps("x-user") && fields.keeps("content-length"))
        #expect(!fields.keeps("x-before") && !fields.keeps("x_user") && !fields.keeps("te"))
    }

    static func verdict(
        _ pairs: (String, String)..., method: String = "GET", target: String = "/", isHTTP10: Bool = false,
        parserGoesOn: Bool = true
    ) -> RequestCheck.Verdict {
        RequestCheck(maxBody: 100).verdict(
            method: method, target: target, isHTTP10: isHTTP10, parserGoesOn: parserGoesOn,
            fields: RequestFields(pairs.map { (name: $0.0, value: $0.1) }))
    }

    @Test("Refused from the head alone (I21)") func whatCannotBeServedIsRefused() {
        #expect(Self.verdict(("Host", "a"), method: "CONNECT", target: "a:443") == .refuse(.connect))
        #expect(Self.verdict(("Host", "a"), ("Transfer-Encoding", "gzip, chunked")) == .refuse(.transferCoding))
        #expect(Self.verdict(("Transfer-Encoding", "chunked"), isHTTP10: true) == .refuse(.transferCoding))
        #expect(Self.verdict() == .refuse(.hostField))
        #expect(Self.verdict(("Host", "a"), ("Host", "a")) == .refuse(.hostField))
        #expect(Self.verdict(("Host", "a"), target: "moon") == .refuse(.target))
        #expect(Self.verdict(("Host", "a"), ("Content-Length", "101")) == .refuse(.bodyTooLarge))
        #expect(Self.verdict(("Host", "a"), ("Content-Length", "99999999999999999999")) == .refuse(.bodyTooLarge))
    }

    @Test(
        "A length is a number, once, and never beside a transfer coding (RFC 9112, 6.3)",
        arguments: ["", "+5", "-5", "5,5", "5 5", "0x5", "5a", "５"])
    func aLengthThatIsNoneIsRefused(value: String) {
        #expect(Self.verdict(("Host", "a"), ("Content-Length", value)) == .refuse(.syntax))
    }

    @Test func aLengthStandsAlone() {
        #expect(Self.verdict(("Host", "a"), ("Content-Length", "5"), ("Content-Length", "5")) == .refuse(.syntax))
        #expect(
            Self.verdict(("Host", "a"), ("Content-Length", "5"), ("Transfer-Encoding", "chunked"))
                == .refuse(.syntax))
    }

    @Test(arguments: [
        (["chunked"], RequestFields.Coding.chunked), (["Chunked"], .chunked), (["\tchunked ,"], .chunked),
        (["gzip, chunked"], .other), (["chunked, chunked"], .other), (["chunked", "chunked"], .other),
        (["chunked", "gzip"], .other), (["chunked;a=b"], .other), ([""], .other), (["xchunked"], .other), ([], .none),
    ])
    func theTransferCodingIsReadAsAList(values: [String], coding: RequestFields.Coding) {
        #expect(RequestFields(values.map { (name: "Transfer-Encoding", value: $0) }).coding == coding)
    }

    @Test(
        "What Connection says (I24)",
        arguments: [
            (["close"], false, false), (["keep-alive"], true, true), ([], true, false), (["Keep-Alive"], true, true),
            (["keep-alive, close"], false, false), (["close, keep-alive"], false, false),
            (["keep-alive", "close"], false, false), (["\tCLOSE\t,x"], false, false), (["x,\tclose"], false, false),
            (["x", "\tkeep-alive ,y"], true, true), (["closed"], true, false), (["x-close"], true, false),
        ])
    func closeWinsInEveryVersion(values: [String], stays: Bool, staysInHTTP10: Bool) {
        for (isHTTP10, stays) in [(false, stays), (true, staysInHTTP10)] {
            let fields = RequestFields(
                [(name: "Host", value: "a")] + values.map { (name: "Connection", value: $0) })
            let verdict = RequestCheck(maxBody: 0).verdict(
                method: "GET", target: "/", isHTTP10: isHTTP10, parserGoesOn: true, fields: fields)
            guard case .accept(let head) = verdict else {
                Issue.record("refused")
                return
            }
            #expect(head.staysOpen == stays, "HTTP/1.0: \(isHTTP10)")
        }
    }

    @Test func whatIsNotReadBehindItEndsTheConnection() {
        guard case .accept(let head) = Self.verdict(("Host", "a"), parserGoesOn: false) else {
            Issue.record("refused")
            return
        }
        #expect(!head.staysOpen)
    }

    @Test(arguments: [
        (["100-continue"], true), (["100-Continue"], true), (["x,\t100-continue\t"], true),
        (["x", "100-continue"], true), (["100-continue", "x"], true), (["100-continued"], false), ([], false),
    ])
    func whatIsExpectedIsAList(values: [String], expects: Bool) {
        #expect(RequestFields(values.map { (name: "Expect", value: $0) }).expectsContinue == expects)
    }

    @Test(arguments: [
        (["websocket"], true), (["WebSocket"], true), (["h2c,\twebsocket\t"], true), (["h2c", " websocket"], true),
        (["websockets"], false), (["h2c"], false),
    ])
    func whatIsUpgradedToIsAList(values: [String], asks: Bool) {
        let fields = RequestFields(values.map { (name: "Upgrade", value: $0) })
        #expect(fields.asksForWebSocket == asks && fields.asksForUpgrade)
    }

    @Test func aHostThatIsNoneIsRefused() {
        for host in ["a b", "a/b", "u@a", "[::1", "a:xx", "a,b@c", "\u{FFFD}"] {
            #expect(Self.verdict(("Host", host)) == .refuse(.hostField), "\(host)")
            #expect(Self.verdict(("Host", host), isHTTP10: true) == .refuse(.hostField), "\(host)")
            // The target's own host does not make up for it.
            #expect(Self.verdict(("Host", host), target: "http://a/") == .refuse(.hostField), "\(host)")
        }
    }

    @Test func theLargestBodyIsAccepted() {
        guard case .accept(let head) = Self.verdict(("Host", "a"), ("Content-Length", "100"), method: "HEAD") else {
            Issue.record("refused")
            return
        }
        #expect(head.isHead && head.staysOpen && head.host == "a")
    }

    @Test("An old client needs no Host, an upgrade ends the connection (I24)") func oldClientsAndUpgrades() {
        guard case .accept(let old) = Self.verdict(isHTTP10: true),
            case .accept(let upgrade) = Self.verdict(("Host", "a"), ("Upgrade", "h2c"), target: "http://b/")
        else {
            Issue.record("refused")
            return
        }
        #expect(old.isHTTP10 && old.host == nil)
        #expect(!upgrade.staysOpen && upgrade.host == "b")
    }
}
