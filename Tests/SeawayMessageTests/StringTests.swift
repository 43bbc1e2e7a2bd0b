import SeawayMessage
import TestSupport
import Testing

@Suite struct StringTests {
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
            if BodyCheck.isMessagePackMap(writer.finish().messagePack) != isUTF8 { Issue.record("\(text)") }
            guard !text.contains(0) else { continue }
            let json = Array("{\"a\":\"".utf8) + text + Array("\"}".utf8)
            if BodyCheck.isJSONMap(json) != isUTF8 { Issue.record("\(text)") }
        }
    }

    /// Strings are looked at eight bytes at a time, so a byte must count the same at every place.
    @Test(arguments: 0..<18)
    func everyByteIsJudgedAtEveryPlace(place: Int) {
        for byte in UInt8.min...UInt8.max {
            var text = [UInt8](repeating: 0x7F, count: 18)
            text[place] = byte
            let json = Array("{\"a\":\"".utf8) + text + Array("\"}".utf8)
            let standsForItself = 0x20..<0x80 ~= byte && ![UInt8(ascii: "\""), UInt8(ascii: "\\")].contains(byte)
            #expect(BodyCheck.isJSONMap(json) == standsForItself, "\(byte)")
            let messagePack: [UInt8] = [0x81, 0xA1, 0x61, 0xA0 | UInt8(text.count)] + text
            #expect(BodyCheck.isMessagePackMap(messagePack) == (byte < 0x80), "\(byte)")
            guard byte < 0x80 else { continue }
            let translated = Translation.json(fromMessagePack: messagePack)
            #expect((translated == json) == standsForItself, "\(byte)")
            #expect(Translation.messagePack(fromJSON: translated) == messagePack, "\(byte)")
        }
    }
}
