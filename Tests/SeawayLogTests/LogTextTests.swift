import Logging
import SeawayLog
import Synchronization
import Testing

@Suite struct LogTextTests {
    @Test(arguments: [
        ("/x\n2026-11-24T00:00:00Z error seaway: forged", #"/x\n2026-11-24T00:00:00Z error seaway: forged"#),
        ("a\r\tb", #"a\r\tb"#), ("\u{1B}[2J", #"\x1b[2J"#), ("\0\u{7}\u{7F}", #"\x00\x07\x7f"#),
        ("\u{85}\u{9B}2J", #"\u0085\u009b2J"#), ("a\u{2028}b\u{2029}", #"a\u2028b\u2029"#),
    ])
    func whatControlsALineOrATerminalIsWrittenAsAnEscape(text: String, line: String) {
        #expect(LogText.escaped(text) == line)
    }

    @Test(arguments: ["", "/moon?a=1", "größer als 3 €", "日本語", "👩‍👩‍👧", #"C:\new"#, "\u{A0}\u{2027}\u{202A}\u{E9}"])
    func ordinaryTextStaysAsItIs(text: String) {
        #expect(LogText.escaped(text) == text)
    }

    @Test func aLongValueIsCutAtACharacterAndSaysHowMuchIsMissing() {
        let text = String(repeating: "é", count: 2_000)
        let cut = LogText.escaped(text)
        #expect(cut == String(repeating: "é", count: 1_024) + "… (1952 bytes more)")
        #expect(LogText.escaped(String(repeating: "a", count: 2_048)).utf8.count == 2_048)
    }

    /// What reaches the handler behind ours.
    private final class Kept: Sendable {
        let events = Mutex<[LogEvent]>([])
    }

    private struct Keeping: LogHandler {
        let kept: Kept
        var logLevel = Logger.Level.info
        var metadata: Logger.Metadata = [:]
        subscript(metadataKey key: String) -> Logger.Metadata.Value? {
            get { self.metadata[key] }
            set { self.metadata[key] = newValue }
        }
        func log(event: LogEvent) {
            var event = event
            event.metadata = self.metadata.merging(event.metadata ?? [:]) { $1 }
            self.kept.events.withLock { $0.append(event) }
        }
    }

    private struct Fault: Error, CustomStringConvertible { let description = "bro\nken" }

    @Test func messageKeysAndValuesOfEveryKindAreEscaped() throws {
        let kept = Kept()
        var logger = Logger(label: "test") { _ in LineLogHandler(Keeping(kept: kept)) }
        logger[metadataKey: "standing"] = "a\nb"
        logger.error(
            "hello\nworld",
            metadata: [
                "path": "/\u{1B}", "number": .stringConvertible(7), "li\nst": ["x\n", ["deep": "\r"]],
            ])
        logger.handler.log(
            event: LogEvent(
                level: .error, message: "m", error: Fault(), metadata: nil, source: "s", file: "f", function: "g",
                line: 1))
        let events = kept.events.withLock(\.self)
        #expect(events.map(\.message.description) == [#"hello\nworld"#, "m"])
        #expect(
            events[0].metadata == [
                "standing": #"a\nb"#, "path": #"/\x1b"#, "number": "7", #"li\nst"#: [#"x\n"#, ["deep": #"\r"#]],
            ])
        #expect(events[1].metadata?["error"] == #"bro\nken"#)
        #expect(events[1].error == nil)
    }

    @Test func theLevelIsThatOfTheHandlerBehind() {
        let kept = Kept()
        var logger = Logger(label: "test") { _ in LineLogHandler(Keeping(kept: kept)) }
        logger.info("heard")
        logger.logLevel = .warning
        logger.info("not heard")
        #expect(kept.events.withLock { $0.map(\.message.description) } == ["heard"])
    }
}
