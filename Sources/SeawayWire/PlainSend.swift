/// `SEND :SIZE CHANNEL` and nothing else: by far the most frequent line, read without making anything of it.
package struct PlainSend: Sendable {
    /// The channel's place in the line.
    package let channel: Range<Int>
    package let form: NameForm

    /// `nil` for any other line, and for one that is not in order: ``Request`` says what it is.
    @inline(__always)
    package init?(line: Span<UInt8>, shape: FrameShape) {
        guard shape.hasBody, !shape.isByHand, line.count > 7, line.extracting(..<6).equals("SEND :") else { return nil }
        var start = 6
        while start < line.count, line[start] != UInt8(ascii: " ") { start += 1 }
        start += 1
        guard start < line.count, let form = NameForm(line.extracting(start...)), form.isChannel else { return nil }
        self.channel = start..<line.count
        self.form = form
    }
}
