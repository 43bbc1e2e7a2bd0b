import SeawayServer
import SeawayTesting
import TestSupport
import Testing

@Suite("The answer that a file is (O4 to O6)") struct FileAnswerTests {
    static let now = 784_111_777
    static let date = "Sun, 06 Nov 1994 08:49:37 GMT"
    static let later = "Sun, 06 Nov 1994 08:49:38 GMT"
    static let earlier = "Sun, 06 Nov 1994 08:49:36 GMT"
    static let file = FileRepresentation(
        state: .init(inode: 35, size: 1_000, seconds: now, nanoseconds: 36), mediaType: "text/css; charset=utf-8")
    static let tag = file.tag.opaque

    static func answer(_ fields: [String: [String]], isHead: Bool = false, now: Int = now + 100) -> FileAnswer {
        var wish = FileAnswer.Wish(isHead: isHead)
        wish.conditions = Preconditions(now: now) { fields[$0] ?? [] }
        wish.range = fields["range"]?.first
        return FileAnswer(Self.file, for: wish, now: now, cacheControl: "max-age=60")
    }

    static func value(_ name: String, _ answer: FileAnswer) -> String? {
        answer.fields.first { $0.name == name }?.value
    }

    @Test("O4") func aFileTellsWhatItIs() {
        let answer = Self.answer([:])
        #expect(answer.status == 200 && answer.length == 1_000 && answer.part == 0..<1_000)
        #expect(Self.tag == "\"z-rs-\(String(Self.now, radix: 36)).10\"")
        #expect(
            answer.fields.map { "\($0.name): \($0.value)" } == [
                "etag: \(Self.tag)", "last-modified: \(Self.date)", "vary: accept-encoding",
                "cache-control: max-age=60",
                "content-type: text/css; charset=utf-8", "accept-ranges: bytes",
            ])
        let head = Self.answer(["range": ["bytes=0-1"]], isHead: true)
        #expect(head.status == 200 && head.length == 1_000 && head.part.isEmpty && head.fields == answer.fields)
        // A clock that is wrong shows no time to come.
        #expect(Self.value("last-modified", Self.answer([:], now: Self.now - 1)) == Self.earlier)
        var coded = Self.file
        coded.coding = .brotli
        let other = FileAnswer(coded, for: FileAnswer.Wish(), now: Self.now, cacheControl: nil)
        #expect(Self.value("content-encoding", other) == "br" && Self.value("cache-control", other) == nil)
    }

    @Test(
        "O4: RFC 9110, 13.2.2",
        arguments: [
            (["if-match": ["*"]], 200), (["if-match": [tag]], 200), (["if-match": ["\"x\", \(tag)"]], 200),
            (["if-match": ["\"x\"", tag]], 200), (["if-match": ["\"x\""]], 412), (["if-match": ["W/\(tag)"]], 412),
            (["if-match": ["nonsense"]], 412), (["if-match": ["\(tag)x"]], 412),
            (["if-match": ["\(tag)x, \(tag)"]], 200),
            (["if-unmodified-since": [date]], 200), (["if-unmodified-since": [earlier]], 412),
            (["if-unmodified-since": ["yesterday"]], 200),
            // A tag counts for more than a date.
            (["if-match": [tag], "if-unmodified-since": [earlier]], 200),
            (["if-none-match": [tag]], 304), (["if-none-match": ["W/\(tag)"]], 304), (["if-none-match": ["*"]], 304),
            (["if-none-match": ["\"x\",\"y\" , \(tag)"]], 304), (["if-none-match": ["\"x\""]], 200),
            (["if-none-match": ["\"a,b\""]], 200), (["if-none-match": [""]], 200),
            (["if-modified-since": [date]], 304), (["if-modified-since": [later]], 304),
            (["if-modified-since": [earlier]], 200), (["if-modified-since": ["nonsense"]], 200),
            (["if-modified-since": [date, date]], 200),
            (["if-modified-since": ["Sunday, 06-Nov-94 08:49:37 GMT"]], 304),
            (["if-modified-since": ["Sun Nov  6 08:49:37 1994"]], 304),
            (["if-none-match": ["\"x\""], "if-modified-since": [later]], 200),
            (["if-match": ["\"x\""], "if-none-match": [tag]], 412),
            (["if-match": [tag], "if-none-match": [tag]], 304),
            (["range": ["bytes=0-9"], "if-none-match": [tag]], 304),
            (["range": ["bytes=0-9"], "if-match": ["\"x\""]], 412),
            (["range": ["bytes=0-9"], "if-range": [tag]], 206), (["range": ["bytes=0-9"], "if-range": ["\"x\""]], 200),
            (["range": ["bytes=0-9"], "if-range": ["W/\(tag)"]], 200),
            (["range": ["bytes=0-9"], "if-range": [date]], 206),
            (["range": ["bytes=0-9"], "if-range": [later]], 200),
            (["range": ["bytes=0-9"], "if-range": [earlier]], 200),
            (["range": ["bytes=9999-"], "if-range": ["\"x\""]], 200), (["if-range": [tag]], 200),
        ] as [([String: [String]], Int)])
    func conditionsAreLookedAtInTheirOrder(fields: [String: [String]], status: Int) {
        let answer = Self.answer(fields)
        #expect(answer.status == status, "\(fields)")
        #expect((Self.value("etag", answer) == Self.tag) == (status != 412))
        #expect((answer.length == nil) == (status == 304))
    }

    @Test func aDateOfThisVerySecondTellsNothing() {
        let fields = ["range": ["bytes=0-9"], "if-range": [Self.date]]
        #expect(Self.answer(fields, now: Self.now).status == 200)
    }

    @Test(
        "O5: RFC 9110, 14.1.2",
        arguments: [
            ("bytes=0-499", ByteRange.part(0..<500)), ("bytes=500-999", .part(500..<1_000)),
            ("bytes=-500", .part(500..<1_000)), ("bytes=900-", .part(900..<1_000)), ("bytes=0-0", .part(0..<1)),
            ("bytes=-1", .part(999..<1_000)), ("bytes=0-99999", .part(0..<1_000)), ("bytes=-99999", .part(0..<1_000)),
            ("BYTES = 1-2", .part(1..<3)), ("bytes= 1-2 ,", .part(1..<3)),
            ("bytes=0-99999999999999999999", .part(0..<1_000)),
            ("bytes=0-1,2-3", .part(0..<4)), ("bytes=5-9,0-5", .part(0..<10)), ("bytes=0-1,5000-", .part(0..<2)),
            ("bytes=1000-", .unsatisfiable), ("bytes=1000-1001,2000-", .unsatisfiable), ("bytes=-0", .unsatisfiable),
            ("bytes=99999999999999999999-", .unsatisfiable),
            ("bytes=0-1,5-6", .whole), ("bytes=", .whole), ("bytes", .whole), ("", .whole), ("bytes=5-1", .whole),
            ("bytes=a-b", .whole), ("bytes=1", .whole), ("bytes=--1", .whole), ("bytes=1-2-3", .whole),
            ("bytes=-", .whole),
            ("bytes=+1-2", .whole), ("bytes=1 -2", .whole), ("lines=0-1", .whole), ("bytes=0-1,x", .whole),
            ("bytes=,", .whole),
            ("bytes=" + String(repeating: "0-0,", count: 17), .whole), ("bytes=0-9,", .part(0..<10)),
        ])
    func rangesAreReadAsTheyStand(field: String, range: ByteRange) { #expect(ByteRange(field, size: 1_000) == range) }

    @Test(
        "O5",
        arguments: [
            ("bytes=0-9", ByteRange.unsatisfiable), ("bytes=0-", .unsatisfiable), ("bytes=-5", .whole),
            ("bytes=-0", .unsatisfiable),
        ])
    func whatIsEmptyHasNoParts(field: String, range: ByteRange) { #expect(ByteRange(field, size: 0) == range) }

    @Test("O5") func aPartSaysWhichItIs() {
        let part = Self.answer(["range": ["bytes=10-19"]])
        #expect(part.status == 206 && part.part == 10..<20 && part.length == 10)
        #expect(Self.value("content-range", part) == "bytes 10-19/1000" && Self.value("etag", part) == Self.tag)
        let none = Self.answer(["range": ["bytes=1000-"]])
        #expect(none.status == 416 && none.part.isEmpty && Self.value("content-range", none) == "bytes */1000")
        #expect(none.length == none.text.utf8.count + 1)
    }

    @Test("O5") func everyRangeIsWithinItsFile() {
        var random = SeededGenerator(seed: 3)
        let pieces = ["0", "1", "9", "-", "-", ",", " ", "bytes=", "x", "18446744073709551616", "=", "5"]
        var parts = 0
        for _ in 0..<100_000 {
            let size = Int.random(in: 0...20, using: &random)
            let field =
                "bytes="
                + (0..<Int.random(in: 0...8, using: &random)).map { _ in
                    pieces[Int.random(in: 0..<pieces.count, using: &random)]
                }.joined()
            guard case .part(let range) = ByteRange(field, size: size) else { continue }
            parts += 1
            #expect(!range.isEmpty && range.lowerBound >= 0 && range.upperBound <= size, "\(field) of \(size)")
        }
        #expect(parts > 1_000)
    }

    /// All that one range can say, beside a model that knows only whether each byte is meant.
    @Test("O5") func oneRangeIsWhatItSays() {
        for size in 1...6 {
            for first in 0...8 {
                #expect(Self.bytes("bytes=\(first)-", size) == (0..<size).filter { $0 >= first })
                #expect(Self.bytes("bytes=-\(first)", size) == (0..<size).filter { $0 >= size - first })
                for last in first...8 {
                    #expect(
                        Self.bytes("bytes=\(first)-\(last)", size) == (0..<size).filter { (first...last).contains($0) })
                }
            }
        }
    }

    private static func bytes(_ field: String, _ size: Int) -> [Int]? {
        switch ByteRange(field, size: size) {
        case .whole: nil
        case .unsatisfiable: []
        case .part(let range): Array(range)
        }
    }

    @Test(
        "O6",
        arguments: [
            (["gzip"], [ContentCoding.gzip]), (["gzip, deflate, br, zstd"], [.brotli, .zstandard, .gzip]),
            (["gzip;q=1.0, br;q=0.5"], [.gzip, .brotli]), (["br;q=0, gzip"], [.gzip]),
            (["*"], [.brotli, .zstandard, .gzip]),
            (["*;q=0"], []), (["gzip;q=0, *"], [.brotli, .zstandard]), (["identity"], []),
            (["identity, gzip;q=0.5"], []),
            (["identity;q=0.5, gzip;q=0.5"], [.gzip]), ([""], []), ([], []), (["GZip ; Q=0.3"], [.gzip]),
            (["x-gzip"], [.gzip]), (["gzip;q=2"], []), (["gzip;q=x"], []), (["gzip;q=0.0001"], []),
            (["gzip;q=0.001"], [.gzip]),
            (["deflate", "gzip"], [.gzip]), (["gzip;level=9"], []), (["identity;q=0, *;q=0"], []), (["br;;q=1"], []),
        ] as [([String], [ContentCoding])])
    func theBestCodingComesFirst(fields: [String], codings: [ContentCoding]) {
        #expect(AcceptedCodings(fields).ranked == codings)
    }

    @Test(
        "O6",
        arguments: [
            ("", false), ("gzip", false), ("identity;q=0", true), ("*;q=0", true), ("*;q=0, identity", false),
            ("identity;q=0.1, *;q=0", false), ("gzip, identity;q=0.000", true), ("*", false),
        ])
    func theIdentityIsFineUnlessItIsForbidden(field: String, isForbidden: Bool) {
        #expect(AcceptedCodings([field]).forbidsIdentity == isForbidden)
    }

    @Test(
        "O4",
        arguments: [
            ("index.html", "text/html; charset=utf-8"), ("a/b.min.JS", "text/javascript; charset=utf-8"),
            ("x.svg", "image/svg+xml"),
            ("x.json", "application/json"), ("x", "application/octet-stream"), ("a.css/x", "application/octet-stream"),
            ("x.unknown", "application/octet-stream"), ("x.", "application/octet-stream"),
            ("x.wasm", "application/wasm"),
        ])
    func theEndOfTheNameTellsTheType(name: String, type: String) { #expect(MediaTypes.type(of: name) == type) }

    @Test(
        arguments: [
            (date, now), ("Sunday, 06-Nov-94 08:49:37 GMT", now), ("Sun Nov  6 08:49:37 1994", now),
            ("Thu, 01 Jan 1970 00:00:00 GMT", 0), ("Thu, 29 Feb 2024 12:00:00 GMT", 1_709_208_000),
            ("Tue, 29 Feb 2000 00:00:00 GMT", 951_782_400), ("Sat, 31 Dec 2016 23:59:60 GMT", 1_483_228_800),
            ("Mon, 01-Jan-01 00:00:00 GMT", 978_307_200), ("Fri, 31 Dec 9999 23:59:59 GMT", 253_402_300_799),
            ("Wed, 29 Feb 2023 12:00:00 GMT", nil), ("Thu, 29 Feb 1900 12:00:00 GMT", nil), ("", nil), ("x", nil),
            (",", nil),
            ("Sun, 06 Nov 1994 08:49:37", nil), ("Sun, 06 Nov 1994 08:49:37 UTC", nil),
            ("Sun, 06 Nov 1994 24:00:00 GMT", nil),
            ("Sun, 31 Nov 1994 08:49:37 GMT", nil), ("Sun, 00 Nov 1994 08:49:37 GMT", nil),
            ("Sun, 06 nov 1994 08:49:37 GMT", nil),
            ("Sun, 06 Nov 99999 08:49:37 GMT", nil), ("Sun, 06 Nov 1994 8:49:37 GMT", nil),
            ("Sun, -6 Nov 1994 08:49:37 GMT", nil),
            ("1994-11-06T08:49:37Z", nil), ("784111777", nil),
        ] as [(String, Int?)])
    func datesAreReadInAllTheirForms(text: String, seconds: Int?) {
        #expect(HTTPDateReading.seconds(text, now: Self.now) == seconds, "\(text)")
    }

    @Test func whatIsWrittenIsReadAgain() {
        var random = SeededGenerator(seed: 5)
        for _ in 0..<10_000 {
            let seconds = Int.random(in: 0...4_102_444_800, using: &random)
            #expect(HTTPDateReading.seconds(HTTPDate(unixSeconds: seconds).text, now: Self.now) == seconds)
        }
    }
}
