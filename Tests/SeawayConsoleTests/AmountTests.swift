import SeawayConsole
import Testing

@Suite struct AmountTests {
    @Test(arguments: [
        (0, "0"), (1_234, "1234"), (99_999, "99999"), (100_000, "100k"), (123_456, "123k"), (999_499, "999k"),
        (999_600, "1.0M"), (12_345_678, "12.3M"), (-7, "-7"), (Int.max, "9.2E"),
    ])
    func countsHaveAtMostFiveCharacters(value: Int, text: String) { #expect(Amount.count(value) == text) }

    @Test(arguments: [
        (0.0, "0"), (0.25, "0.3"), (42.06, "42.1"), (99.94, "99.9"), (99.97, "100"), (1_234.4, "1234"),
        (250_000, "250k"), (.infinity, "-"), (.nan, "-"), (1e300, "1.0E"),
    ])
    func ratesHaveOneDigitBehindThePointWhileTheyAreSmall(value: Double, text: String) {
        #expect(Amount.rate(value) == text)
    }

    @Test(arguments: [
        (0, "0"), (1_023, "1023"), (1_024, "1.0K"), (1_536, "1.5K"), (10_240, "10K"), (1 << 20, "1.0M"),
        (1_048_575, "1.0M"), (Int.max, "8.0E"),
    ])
    func bytesAreInUnitsOf1024(value: Int, text: String) { #expect(Amount.bytes(value) == text) }

    @Test(arguments: [
        (0, "0ms"), (999, "999ms"), (1_000, "1.0s"), (1_299, "1.2s"), (9_999, "9.9s"), (10_000, "10s"),
        (59_999, "59s"), (60_000, "1m00s"), (185_000, "3m05s"), (7_380_000, "2h03m"), (352_800_000, "4d02h"),
    ])
    func timesHaveTwoUnitsAtMost(milliseconds: Int, text: String) {
        #expect(Amount.time(milliseconds: milliseconds) == text)
    }
}

@Suite struct TextTests {
    @Test func controlCharactersNeverReachATerminal() {
        #expect(Printable.json(#"{"a":"x"}"#) == #"{"a":"x"}"#)
        #expect(Printable.json("{\"a\":\"\u{9B}2J\u{7F}ü\"}") == #"{"a":"\u009b2J\u007fü"}"#)
        #expect(Printable.text("a\u{1B}[2J\u{9B}b") == "a·[2J·b")
    }

    @Test(arguments: [("abc", 3), ("", 0), ("日本", 4), ("e\u{301}", 1), ("🌊", 2), ("naïve", 5)])
    func widthIsInColumnsOfATerminal(text: String, width: Int) { #expect(DisplayWidth.of(text) == width) }

    @Test func whatDoesNotFitIsCutAndSaysSo() {
        #expect(DisplayWidth.cut("abcdef", to: 6) == "abcdef")
        #expect(DisplayWidth.cut("abcdef", to: 4) == "abc…")
        #expect(DisplayWidth.cut("日本語", to: 4) == "日…")
        #expect(DisplayWidth.cut("abc", to: 0) == "")
    }

    @Test func aTableIsAsWideAsItsWidestCells() {
        var table = Table([.init("NAME"), .init("N", .right), .init("END")])
        table.rows = [["a", "100", ""], ["long name", "7", "x"]]
        #expect(table.lines == ["NAME         N  END", "a          100", "long name    7  x"])
        table.hasTitles = false
        #expect(table.lines.count == 2)
    }
}
