import SeawayWire
import Testing

/// What is read in one pass is what the parser would have read, and all else is left to it (S13, S14).
@Suite struct PlainSendOnTermsTests {
    private static func read(_ text: String) -> PlainSendOnTerms? {
        let bytes = Array(text.utf8)
        return PlainSendOnTerms(bytes.span, limits: WireLimits())
    }

    @Test(arguments: [
        "SEND :2 q Ack=7\n{}\n", "SEND :2 x!1 Ack=7\n{}\n", "SEND :2 q Report=x!1\n{}\n",
        "SEND :2 q Here=1 Report=x!1 Patience=0\n{}\n", "SEND :2 q Times=3 Report=x!1 Patience=86400000 Ack=abc\n{}\n",
        "SEND :2 q Here=1\n{}\n",
    ])
    func itIsWhatTheParserReads(text: String) throws {
        let plain = try #require(Self.read(text + "SEND :2 q\n{}\n"))
        #expect(plain.length == text.utf8.count)
        let bytes = Array(text.utf8)
        var parser = FrameParser(limits: WireLimits())
        guard case .frame(let shape) = try parser.step(bytes.span) else {
            Issue.record("\(text) is no frame")
            return
        }
        let request = try Request(line: bytes.span.extracting(..<shape.lineLength), shape: shape)
        var terms: SendTerms? = SendTerms(acknowledges: plain.acknowledges)
        if !plain.report.isEmpty {
            terms?.report = ReportRequest(
                to: Name(checked: Array(bytes[plain.report])), patience: plain.patience, times: plain.times)
        }
        if terms == SendTerms() { terms = nil }
        #expect(request == .send(channel: plain.channel, form: plain.form, ifHeard: plain.ifHeard, nil, terms))
        #expect(plain.body == shape.body && plain.length == shape.length)
    }

    @Test(arguments: [
        "SEND :2 q Ack=7\n{}", "SEND :2 q Ack=7\r\n{}\n", "SEND :2 q  Ack=7\n{}\n", "SEND :2 q Ack=7 \n{}\n",
        "SEND :2 q Ack=\n{}\n", "SEND :2 q Ack=7 Ack=8\n{}\n", "SEND :2 q Ack=a!b\n{}\n", "SEND :2 q Here=2\n{}\n",
        "SEND :2 q Patience=1\n{}\n", "SEND :2 q Times=1\n{}\n", "SEND :2 q Report=x\n{}\n",
        "SEND :2 q Report=x!\n{}\n",
        "SEND :2 q Report=x!1 Patience=01\n{}\n", "SEND :2 q Report=x!1 Times=1000001\n{}\n",
        "SEND :2 q Report=x!1 Note=a\n{}\n", "SEND :2 x!2 Report=x!1\n{}\n", "SEND :2 q Report=x!1 In=5\n{}\n",
        "SEND :02 q Ack=7\n{}\n", "SEND :- q Ack=7 {}\n", "SEND :2 q! Ack=7\n{}\n", "SEND :2 q Ack=7\n{}x",
        "GSEND :2 q Ack=7\n{}\n", "SEND :2 q Ack=7 extra\n{}\n", "SEND :9999999 q Ack=7\n{}\n",
    ])
    func allElseIsLeftToTheParser(text: String) { #expect(Self.read(text) == nil) }
}
