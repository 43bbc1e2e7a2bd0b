import Foundation
import Logging
import SeawayLog
import Synchronization
import Testing

@Suite struct JSONLogTests {
    private final class Lines: Sendable {
        private let kept = Mutex<[String]>([])
        var all: [String] { self.kept.withLock { $0 } }
        func add(_ line: String) { self.kept.withLock { $0.append(line) } }
    }

    private func object(_ line: String) throws -> [String: Any] {
        try #require(try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any])
    }

    @Test func eachLineIsAnObjectThatNobodyCanForge() throws {
        let lines = Lines()
        var logger = Logger(label: "seaway.test") { JSONLogHandler(label: $0) { lines.add($0) } }
        logger[metadataKey: "loop"] = "2"
        let nasty = "a\n{\"level\":\"error\"}\r\u{1B}[2J\u{9B}\u{2028}\0\"\\"
        logger.warning(
            "\(nasty)",
            metadata: ["path": "\(nasty)", "list": ["a", "b"], "map": ["x": "y"], "message": "own", nasty: "v"])
        logger.debug("not asked for")
        #expect(lines.all.count == 1)
        let line = try #require(lines.all.first)
        #expect(
            line.hasSuffix("}\n")
                && line.dropLast().unicodeScalars.allSatisfy {
                    $0.value >= 0x20 && !(0x7F...0x9F).contains($0.value) && $0.value != 0x2028
                })
        let object = try self.object(line)
        #expect(object["level"] as? String == "warning" && object["logger"] as? String == "seaway.test")
        #expect(object["message"] as? String == nasty && object["path"] as? String == nasty)
        #expect(object["message_"] as? String == "own" && object["loop"] as? String == "2")
        #expect(object["list"] as? [String] == ["a", "b"] && object["map"] as? [String: String] == ["x": "y"])
        #expect(object[nasty] as? String == "v")
    }

    @Test func aTextIsCutBehindItsLimit() throws {
        let lines = Lines()
        let logger = Logger(label: "a") { JSONLogHandler(label: $0) { lines.add($0) } }
        logger.info("\(String(repeating: "é", count: 100_000))")
        #expect(try #require(lines.all.first).utf8.count < LogText.longest + 200)
    }

    @Test(arguments: [
        (0, "1970-01-01T00:00:00.000Z", "01/Jan/1970:00:00:00 +0000"),
        (951_827_696_789, "2000-02-29T12:34:56.789Z", "29/Feb/2000:12:34:56 +0000"),
        (1_798_761_599_999, "2026-12-31T23:59:59.999Z", "31/Dec/2026:23:59:59 +0000"),
        (-1, "1969-12-31T23:59:59.999Z", "31/Dec/1969:23:59:59 +0000"),
    ])
    func aTimeOfDayIsWrittenInUTC(milliseconds: Int64, text: String, common: String) {
        let time = LogTime(unixMilliseconds: milliseconds)
        #expect(time.rfc3339 == text && time.commonLog == common)
    }
}
