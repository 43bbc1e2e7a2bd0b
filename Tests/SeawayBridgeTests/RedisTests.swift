import SeawayBridge
import Testing

@Suite struct RESPParserTests {
    struct Case: Sendable, CustomTestStringConvertible {
        var text: String
        var value: RESPValue
        var testDescription: String { self.text }
    }

    private static func parse(_ text: String, maxValue: Int = 1_000) throws -> (value: RESPValue, length: Int)? {
        try RESPParser(maxValue: maxValue).next(Array(text.utf8)[...])
    }

    @Test(arguments: [
        Case(text: "+OK\r\n", value: .simple(Array("OK".utf8))), Case(text: "-ERR no\r\n", value: .error("ERR no")),
        Case(text: ":-7\r\n", value: .integer(-7)), Case(text: "$-1\r\n", value: .null),
        Case(text: "*-1\r\n", value: .null), Case(text: "$0\r\n\r\n", value: .bulk([])),
        Case(text: "$4\r\na\r\nb\r\n", value: .bulk(Array("a\r\nb".utf8))), Case(text: "*0\r\n", value: .array([])),
        Case(text: "*2\r\n$1\r\na\r\n*1\r\n:1\r\n", value: .array([.bulk([97]), .array([.integer(1)])])),
    ])
    func aValueIsReadWhenItIsWhole(_ given: Case) throws {
        let bytes = Array(given.text.utf8)
        let parser = RESPParser(maxValue: 1_000)
        for length in 0..<bytes.count { #expect(try parser.next(bytes[..<length]) == nil) }
        let found = try parser.next((bytes + [1, 2])[...])
        #expect(found?.value == given.value)
        #expect(found?.length == bytes.count)
    }

    @Test(arguments: [
        "?\r\n", "\r\n", "+a\rb", "$x\r\n", "$2\r\nabcd", ":\r\n", ":9223372036854775808\r\n", "*x\r\n",
        String(repeating: "+", count: 70_000),
    ])
    func whatIsNoValueIsFound(_ text: String) {
        #expect(throws: RESPParser.Fault.malformed) { try self.next(text) }
    }

    @Test(arguments: [
        "$1001\r\n", "*1001\r\n", String(repeating: "*1\r\n", count: 9),
        "*2\r\n$999\r\n" + String(repeating: "a", count: 1_000),
    ])
    func aValueBeyondTheLimitIsNotWaitedFor(_ text: String) {
        #expect(throws: RESPParser.Fault.tooLarge(limit: 1_000)) { try self.next(text) }
    }

    /// Untyped, for `#expect(throws:)`.
    private func next(_ text: String) throws { _ = try Self.parse(text) }
}

@Suite struct RedisSessionTests {
    private static func command(_ words: String...) -> RedisSession.Event {
        .write(RESPValue.command(words.map { Array($0.utf8) }))
    }

    private static func strings(_ words: String...) -> RESPValue { .array(words.map { .bulk(Array($0.utf8)) }) }

    @Test func patternsAreSubscribedToAndMessagesCome() {
        var session = RedisSession(.patterns(["news.*", "log"]), password: nil)
        #expect(session.sign == RESPValue.command([Array("PING".utf8)]))
        var events = session.begin()
        #expect(events == [Self.command("PSUBSCRIBE", "news.*", "log")])
        events = session.received(.array([.bulk(Array("psubscribe".utf8)), .bulk(Array("news.*".utf8)), .integer(1)]))
        #expect(events == [])
        events = session.received(.array([.bulk(Array("psubscribe".utf8)), .bulk(Array("log".utf8)), .integer(2)]))
        #expect(events == [.ready])
        events = session.received(Self.strings("pong", ""))
        #expect(events == [])
        events = session.received(Self.strings("pmessage", "news.*", "news.a", "hi"))
        #expect(events == [.message(channel: Array("news.a".utf8), data: Array("hi".utf8))])
    }

    @Test func aPasswordComesFirstAndARefusalIsTold() {
        var session = RedisSession(.patterns(["a"]), password: Array("pw".utf8))
        var events = session.begin()
        #expect(events == [Self.command("AUTH", "pw")])
        events = session.received(.error("WRONGPASS no"))
        #expect(events == [.refused("WRONGPASS no")])
        var other = RedisSession(.patterns(["a"]), password: Array("pw".utf8))
        _ = other.begin()
        events = other.received(.simple(Array("OK".utf8)))
        #expect(events == [Self.command("PSUBSCRIBE", "a")])
    }

    @Test func streamsAreReadFromTheirEndAndThenFromTheLastEntry() {
        var session = RedisSession(.streams(["s", "t"]), password: nil, positions: ["t": Array("0".utf8)])
        var events = session.begin()
        #expect(events == [Self.command("XREVRANGE", "s", "+", "-", "COUNT", "1")])
        events = session.received(.array([.array([.bulk(Array("5-1".utf8)), Self.strings("a", "b")])]))
        #expect(
            events == [.ready, Self.command("XREAD", "COUNT", "100", "BLOCK", "5000", "STREAMS", "s", "t", "5-1", "0")])
        events = session.received(.null)
        #expect(events == [Self.command("XREAD", "COUNT", "100", "BLOCK", "5000", "STREAMS", "s", "t", "5-1", "0")])
        let entry = RESPValue.array([.bulk(Array("1-0".utf8)), Self.strings("k", "v")])
        events = session.received(.array([.array([.bulk(Array("t".utf8)), .array([entry])])]))
        #expect(
            events == [
                .entry(stream: "t", id: Array("1-0".utf8), fields: [Array("k".utf8), Array("v".utf8)]),
                Self.command("XREAD", "COUNT", "100", "BLOCK", "5000", "STREAMS", "s", "t", "5-1", "1-0"),
            ])
        #expect(session.positions == ["s": Array("5-1".utf8), "t": Array("1-0".utf8)])
    }

    @Test(arguments: [(50, "50"), (15_000, "5000")])
    func aStreamIsAskedForBeforeItsServerWouldSeemSilent(_ quiet: Int, _ block: String) {
        var session = RedisSession(
            .streams(["s"]), password: nil, positions: ["s": Array("0".utf8)], quiet: .milliseconds(quiet))
        #expect(
            session.begin() == [.ready, Self.command("XREAD", "COUNT", "100", "BLOCK", block, "STREAMS", "s", "0")])
    }

    @Test func whatIsTooMuchAtOnceIsAskedForInSmallerPieces() {
        var session = RedisSession(.streams(["s"]), password: nil, positions: ["s": Array("0".utf8)], count: 3)
        let events = session.begin()
        #expect(
            events == [.ready, Self.command("XREAD", "COUNT", "3", "BLOCK", "5000", "STREAMS", "s", "0")])
    }

    @Test(arguments: [(100, 50), (3, 1), (1, 1)]) func eachAttemptHalvesThem(_ count: Int, _ next: Int) {
        #expect(RedisSession.fewer(than: count) == next)
    }

    @Test func anEmptyStreamIsReadFromItsBeginning() {
        var session = RedisSession(.streams(["s"]), password: nil)
        _ = session.begin()
        _ = session.received(.array([]))
        #expect(session.positions == ["s": Array("0-0".utf8)])
    }

    @Test(arguments: [
        RESPValue.null, .integer(1), .array([]), .array([.null]), .array([.integer(3)]),
        .array([.array([.null, .null])]),
        .array([.array([.bulk([97]), .array([.array([.bulk([97])]), .null])])]),
        Self.strings("pmessage", "a"),
    ])
    func oddAnswersDoNoHarm(_ value: RESPValue) {
        for subject in [RedisSession.Subject.patterns(["a"]), .streams(["a"])] {
            var session = RedisSession(subject, password: nil)
            _ = session.begin()
            for _ in 0..<3 {
                let events = session.received(value)
                #expect(!events.contains { if case .refused = $0 { true } else { false } })
            }
        }
    }
}
