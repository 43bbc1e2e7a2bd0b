import SeawayMessage
import TestSupport
import Testing

@Suite struct UTF8Tests {
    /// The standard library is the judge, over bytes that are often near the edges of UTF-8.
    @Test func stringsAreAcceptedExactlyWhenTheyAreUTF8() {
        let edges: [UInt8] = [
            0x00, 0x61, 0x7F, 0x80, 0x8F, 0x90, 0x9F, 0xA0, 0xBF, 0xC0, 0xC1, 0xC2, 0xDF, 0xE0, 0xE1, 0xEC, 0xED, 0xEE,
            0xEF, 0xF0, 0xF1, 0xF3,
            0xF4, 0xF5, 0xFF,
        ]
        var random = SeededGenerator(seed: 9)
        for _ in 0..<100_000 {
            let start = [UInt8](repeating: 0x61, count: Int.random(in: 0..<10, using: &random))
            let text =
                start
                + (0..<Int.random(in: 1..<6, using: &random)).map { _ in edges.randomElement(using: &random) ?? 0 }
            let isUTF8 = String(validating: text, as: UTF8.self) != nil
            var writer = MessagePackWriter()
            writer.map(count: 1)
            writer.string("a")
            writer.string(utf8: text.span)
            #expect(BodyCheck.isMessagePackMap(writer.finish().messagePack) == isUTF8, "\(text)")
            guard !text.contains(0) else { continue }
            let json = Array("{\"a\":\"".utf8) + text + Array("\"}".utf8)
            #expect(BodyCheck.isJSONMap(json) == isUTF8, "\(text)")
        }
    }
}
