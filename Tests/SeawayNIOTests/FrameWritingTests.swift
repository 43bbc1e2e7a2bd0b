import NIOCore
import SeawayNIO
import SeawayWire
import Testing

/// What is written is what a parser reads, to the byte.
@Suite struct FrameWritingTests {
    private func text(_ write: (inout ByteBuffer) -> Void) -> String {
        var buffer = ByteBuffer()
        write(&buffer)
        return String(buffer: buffer)
    }

    private func bytes(_ text: String) -> [UInt8] { Array(text.utf8) }

    @Test func aMessageForOneChannelIsOneFrame() {
        let written = self.text { $0.writeMessage(self.bytes("chat.log").span, body: self.bytes("{\"n\":1}").span) }
        #expect(written == "MSG :7 chat.log\n{\"n\":1}\n")
    }

    @Test func anEmptyBodyHasItsLineEndToo() {
        let written = self.text { $0.writeMessage(self.bytes("a").span, body: [UInt8]().span) }
        #expect(written == "MSG :0 a\n\n")
    }

    @Test func aBodyIsWrittenAsItIs() {
        let body = (0...255).map(UInt8.init)
        var buffer = ByteBuffer()
        buffer.writeMessage(self.bytes("a").span, body: body.span)
        #expect(Array(buffer.readableBytesView) == self.bytes("MSG :256 a\n") + body + self.bytes("\n"))
    }

    @Test func aGroupsMessageNamesEachChannelAndTheGroup() {
        let names = ["web.k3f9!1", "web.k3f9!2", "log"].map(self.bytes)
        let written = self.text { buffer in
            buffer.writeMessage(group: Name("room"), body: self.bytes("{}").span) { write in
                for name in names { write(name.span) }
            }
        }
        #expect(written == "MSG :2 web.k3f9!1 web.k3f9!2 log group=room\n{}\n")
    }

    @Test func withoutAGroupNoneIsNamed() {
        let written = self.text { buffer in
            buffer.writeMessage(group: nil, body: self.bytes("{}").span) { $0(self.bytes("a").span) }
        }
        #expect(written == "MSG :2 a\n{}\n")
    }

    @Test(arguments: [
        0, 1, 9, 10, 11, 99, 100, 101, 999_999_999, 1_000_000_000, 4_294_967_295, 4_294_967_296, Int.max - 1, .max,
    ])
    func aNumberIsWrittenInDecimalDigits(number: Int) {
        #expect(self.text { $0.writeDecimal(number) } == "\(number)")
    }

    @Test func frameAfterFrameTheBufferGrowsAndKeepsWhatItHas() {
        var buffer = ByteBuffer()
        var expected = ""
        for number in 0..<1_000 {
            let body = String(repeating: "x", count: number % 70)
            buffer.writeMessage(self.bytes("c.\(number)").span, body: self.bytes(body).span)
            expected += "MSG :\(body.utf8.count) c.\(number)\n\(body)\n"
        }
        buffer.writeLine("OK\n")
        #expect(String(buffer: buffer) == expected + "OK\n")
    }

    @Test func aBufferThatWasReadFromIsWrittenBehindWhatIsLeft() {
        var buffer = ByteBuffer(string: "read rest ")
        buffer.moveReaderIndex(forwardBy: 5)
        buffer.writeMessage(self.bytes("a").span, body: self.bytes("{}").span)
        #expect(String(buffer: buffer) == "rest MSG :2 a\n{}\n")
    }
}

/// `JOINED` and `LEFT`: as many lines as the names take (D8).
@Suite struct NamesWritingTests {
    private func lines(_ names: [String], maxLine: Int) -> [String] {
        var buffer = ByteBuffer()
        buffer.writeNames(
            "JOINED", group: Name(checked: Array("room".utf8)), names.compactMap(Name.init), maxLine: maxLine)
        return String(buffer: buffer).split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
    }

    @Test func namesThatFitShareALine() {
        #expect(self.lines(["a!1", "a!2"], maxLine: 4_096) == ["JOINED room a!1 a!2", ""])
    }

    /// One byte decides.
    @Test func aNameThatDoesNotFitBeginsTheNextLine() {
        let length = "JOINED room a!1 a!2".utf8.count
        #expect(self.lines(["a!1", "a!2", "a!3"], maxLine: length) == ["JOINED room a!1 a!2", "JOINED room a!3", ""])
        #expect(
            self.lines(["a!1", "a!2", "a!3"], maxLine: length - 1) == [
                "JOINED room a!1", "JOINED room a!2", "JOINED room a!3", "",
            ])
    }

    @Test func theSameNameTwiceIsTwoNames() {
        #expect(
            self.lines(["a!1", "a!1", "a!1"], maxLine: "JOINED room a!1".utf8.count) == [
                "JOINED room a!1", "JOINED room a!1", "JOINED room a!1", "",
            ])
    }

    /// Whatever the lengths: no line is longer than a line may be, and no name is lost.
    @Test func noLineIsLongerThanItMayBe() {
        let names = (0..<500).map { "a!" + String(repeating: "n", count: $0 % 253 + 1) }
        let lines = self.lines(names, maxLine: 4_096).dropLast()
        #expect(lines.allSatisfy { $0.utf8.count <= 4_096 })
        #expect(lines.flatMap { $0.split(separator: " ").dropFirst(2).map(String.init) } == names)
        #expect(lines.count < 20)
    }

    /// What a broker writes its own parser reads.
    @Test func aParserReadsTheFrames() throws {
        var buffer = ByteBuffer()
        buffer.writeNames(
            "LEFT", group: Name(checked: Array("room".utf8)), ["a!1", "a!2"].compactMap(Name.init), maxLine: 16)
        buffer.writeMessage(group: Name("room"), body: Array("{}".utf8).span) { $0(Array("a!1".utf8).span) }
        var parser = FrameParser()
        var frames: [ServerFrame] = []
        while let shape = try self.next(&parser, buffer) {
            frames.append(self.frame(buffer.readableBytesUInt8Span, shape))
            buffer.moveReaderIndex(forwardBy: shape.length)
        }
        #expect(
            frames == [
                .left(group: "room", channels: ["a!1"]), .left(group: "room", channels: ["a!2"]),
                .message(channels: ["a!1"], group: "room"),
            ])
    }

    private func next(_ parser: inout FrameParser, _ buffer: ByteBuffer) throws -> FrameShape? {
        guard case .frame(let shape) = try parser.step(buffer.readableBytesUInt8Span) else { return nil }
        return shape
    }

    private func frame(_ bytes: Span<UInt8>, _ shape: FrameShape) -> ServerFrame {
        ServerFrame(line: bytes.extracting(..<shape.lineLength), hasBody: shape.hasBody)
    }
}
