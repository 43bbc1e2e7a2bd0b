import SeawayBridge
import Testing

@Suite struct LineSplitterTests {
    private static func lines(_ text: String, limit: Int, cut: Int) -> [LineSplitter.Line] {
        var splitter = LineSplitter(limit: limit)
        var lines: [LineSplitter.Line] = []
        var rest = Array(text.utf8)[...]
        while !rest.isEmpty {
            lines += splitter.lines(in: rest.prefix(cut))
            rest = rest.dropFirst(cut)
        }
        if let last = splitter.end() { lines.append(last) }
        return lines
    }

    @Test(arguments: [1, 2, 3, 1_000])
    func linesAreTheSameHoweverTheStreamWasCut(_ cut: Int) {
        let lines = Self.lines("one\r\n\ntwo\nthree", limit: 5, cut: cut)
        #expect(lines == [.text(Array("one".utf8)), .text(Array("two".utf8)), .text(Array("three".utf8))])
    }

    @Test(arguments: [1, 4, 1_000])
    func aLineBeyondTheLimitIsThrownAwayAndTheNextIsNot(_ cut: Int) {
        let lines = Self.lines("123456\n12345\r\n1234567890123\r\nok\n123456", limit: 5, cut: cut)
        #expect(lines == [.tooLong, .text(Array("12345".utf8)), .tooLong, .text(Array("ok".utf8)), .tooLong])
    }

    @Test func aLineIsTooLongAsSoonAsItIs() {
        var splitter = LineSplitter(limit: 5)
        #expect(splitter.lines(in: Array("123456".utf8)) == [])
        #expect(splitter.lines(in: Array("7".utf8)) == [.tooLong])
        #expect(splitter.lines(in: Array("8\nok\n".utf8)) == [.text(Array("ok".utf8))])
        #expect(splitter.end() == nil)
    }
}
