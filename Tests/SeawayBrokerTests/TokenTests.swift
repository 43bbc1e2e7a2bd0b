import SeawayBroker
import SeawayWire
import Testing

@Suite struct TokenTests {
    private static func permissions() -> Permissions {
        var permissions = Permissions()
        permissions.send = ["http.response.*!*", "chat.*"].compactMap { Pattern($0) }
        permissions.listen = ["http.request"].compactMap { Pattern($0) }
        return permissions
    }

    @Test func aLineIsReadAsItWasWritten() throws {
        let (token, text) = try #require(Token.make("web", permissions: Self.permissions()))
        #expect(try Token(line: token.line) == token)
        #expect(text.hasPrefix("web."))
        #expect(text.utf8.count <= 255)
        #expect(!token.line.contains(text.dropFirst(4)))
    }

    @Test func noTwoTokensAreTheSame() throws {
        let first = try #require(Token.make("web", permissions: Self.permissions()))
        let second = try #require(Token.make("web", permissions: Self.permissions()))
        #expect(first.text != second.text)
        #expect(first.token != second.token)
    }

    @Test(arguments: ["", "a b", "a=b", String(repeating: "a", count: 65), "ä"])
    func whatIsNoNameIsRefused(name: String) {
        #expect(Token.make(name, permissions: Permissions()) == nil)
    }

    @Test func emptyLinesAndCommentsArePassedOver() throws {
        let line = try #require(Token.make("web", permissions: Permissions())).token.line
        #expect(try Tokens(parsing: "# who may do what\n\n  # web\n\(line)\r\n").count == 1)
        #expect(try Tokens(parsing: "").count == 0)
    }

    @Test(arguments: [
        ("web", 1), ("web md5:00:00", 1), ("web sha256:00112233445566:HASH", 1), ("web sha256:0011223344556677:00", 1),
        ("web sha256:001122334455667g:HASH", 1), ("web sha256:0011223344556677:HASH read=a", 1),
        ("\nweb sha256:0011223344556677:HASH send=a send=b", 2), ("web sha256:0011223344556677:HASH send=", 1),
        ("web sha256:0011223344556677:HASH send=a,,b", 1), ("web sha256:0011223344556677:HASH send=ä", 1),
        ("# a\nweb sha256:0011223344556677:HASH\nweb sha256:0011223344556677:HASH", 3), ("ö sha256:00:HASH", 1),
    ])
    func aFaultIsToldWithItsLine(text: String, line: Int) {
        let hash = String(repeating: "0", count: 64)
        let fault = #expect(throws: Tokens.Fault.self) {
            try Self.parse(text.replacing("HASH", with: hash))
        }
        #expect(fault?.line == line)
        #expect(fault?.reason.isEmpty == false)
    }

    /// With plain throws: the compiler does not take typed ones there.
    private static func parse(_ text: String) throws { _ = try Tokens(parsing: text) }

    @Test(arguments: [
        ("*", "*", true), ("*", "chat.*", true), ("chat.*", "chat.*", true), ("chat.*", "chat.log", true),
        ("chat.*", "chat*", false), ("chat.*", "*", false), ("chat.log", "chat.*", false), ("a*c", "a*b*c", true),
        ("a*c", "a*", false), ("*!*", "http.*!*", true), ("*!*", "http.*", false), ("a", "a", true),
    ])
    func aPatternCoversWhatMatchesNothingElse(pattern: String, other: String, covers: Bool) throws {
        #expect(try #require(Pattern(pattern)).covers(try #require(Pattern(other))) == covers)
    }

    @Test(arguments: [
        ("127.0.0.1", false), ("127.9.9.9", false), ("::1", false), ("localhost", false), ("0.0.0.0", true),
        ("::", true), ("192.0.2.1", true), ("example.org", true), ("1.0.0.127", true), ("127.example.org", true),
    ])
    func onlyLoopbackIsNotReachedFromElsewhere(host: String, isReached: Bool) {
        #expect(Broker.Address.tcp(host: host, port: 1).isReachedFromElsewhere == isReached)
    }

    @Test func aUnixSocketIsNotReachedFromElsewhere() {
        #expect(!Broker.Address.unix(path: "/run/seaway").isReachedFromElsewhere)
    }
}
