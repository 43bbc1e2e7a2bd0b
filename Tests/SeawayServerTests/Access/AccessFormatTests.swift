import Foundation
import SeawayLog
import SeawayServer
import Testing

@Suite("A line of the access log tells of one request (I80)") struct AccessFormatTests {
    /// 2026-12-01, 06:47:02.123 UTC
    private static let time = LogTime(unixMilliseconds: 1_796_107_622_123)

    private static var record: AccessRecord {
        var record = AccessRecord(time: Self.time, status: 200, bytes: 5, microseconds: 2_037_041)
        record.client = "192.0.2.7"
        record.method = "GET"
        record.scheme = "https"
        record.version = "2"
        record.host = "example.org"
        record.path = "/grüße"
        record.target = "/gr%c3%bc%c3%9fe?a=1"
        record.query = "a=1"
        record.channel = "http.request"
        record.firstByteMicroseconds = 7
        record.referer = "https://example.org/"
        record.userAgent = #"curl "8" \ x"#
        return record
    }

    @Test func asAnObjectOfJSON() throws {
        let line = AccessFormat.json.line(Self.record)
        let object = try #require(try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: any Sendable])
        #expect(object["time"] as? String == "2026-12-01T06:47:02.123Z")
        #expect(object["path"] as? String == "/grüße" && object["query"] as? String == "a=1")
        #expect(object["user_agent"] as? String == #"curl "8" \ x"#)
        #expect(object["status"] as? Int == 200 && object["bytes"] as? Int == 5)
        #expect(object["ms"] as? Double == 2037.041 && object["first_ms"] as? Double == 0.007)
        #expect(object["channel"] as? String == "http.request" && object["cut"] == nil)
    }

    @Test func asPairs() {
        #expect(
            AccessFormat.logfmt.line(Self.record) == """
                time=2026-12-01T06:47:02.123Z client=192.0.2.7 method=GET scheme=https host=example.org path="/grüße" \
                query="a=1" version=2 status=200 bytes=5 ms=2037.041 first_ms=0.007 channel=http.request \
                referer=https://example.org/ user_agent="curl \\"8\\" \\\\ x"
                """)
    }

    @Test func asApacheHasItWithTheRestBehind() {
        #expect(
            AccessFormat.combined.line(Self.record) == """
                192.0.2.7 - - [01/Dec/2026:06:47:02 +0000] "GET /gr%c3%bc%c3%9fe?a=1 HTTP/2.0" 200 5 \
                "https://example.org/" "curl \\"8\\" \\\\ x" host=example.org ms=2037.041 channel=http.request
                """)
    }

    @Test func whatIsNotKnownIsLeftOut() {
        let record = AccessRecord(time: Self.time, status: 0, bytes: 0, microseconds: 0)
        #expect(AccessFormat.logfmt.line(record) == "time=2026-12-01T06:47:02.123Z status=0 bytes=0 ms=0.000")
        #expect(
            AccessFormat.json.line(record) == #"{"time":"2026-12-01T06:47:02.123Z","status":0,"bytes":0,"ms":0.000}"#)
        #expect(AccessFormat.combined.line(record) == #"- - - [01/Dec/2026:06:47:02 +0000] "-" 000 0 "-" "-" ms=0.000"#)
    }

    @Test(
        arguments: AccessFormat.allCases,
        ["a\n2026-12-01T00:00:00Z error forged", "\u{1B}[2J", "\u{9B}2J\u{2028}", "\0\u{7F}"])
    func nobodyForgesALine(format: AccessFormat, text: String) {
        var record = Self.record
        record.client = "192.0.2.7"
        record.method = text
        record.target = text
        record.path = text
        record.query = text
        record.host = text
        record.referer = text
        record.userAgent = text
        let line = format.line(record)
        #expect(
            !line.unicodeScalars.contains { $0.value < 0x20 || (0x7F...0x9F).contains($0.value) || $0.value == 0x2028 })
    }

    @Test(arguments: AccessFormat.allCases) func aLineIsBounded(format: AccessFormat) {
        var record = Self.record
        let long = String(repeating: "x", count: 100_000)
        record.target = long
        record.path = long
        record.userAgent = long
        #expect(format.line(record).utf8.count < 4 * LogText.longest)
    }
}
