import SeawayWire
import Testing

/// What is read in one pass is what the parser would have read, and all else is left to it (D10).
@Suite struct PlainAcknowledgementTests {
    private static func read(_ text: String) -> (channel: String, tags: [DeliveryTag], length: Int)? {
        let bytes = Array(text.utf8)
        guard let plain = PlainAcknowledgement(bytes.span, limits: WireLimits()) else { return nil }
        var tags: [DeliveryTag] = []
        plain.forEachTag(bytes.span) { tags.append($0) }
        return (String(decoding: bytes[plain.channel], as: UTF8.self), tags, plain.length)
    }

    @Test func aNumberOfNineteenDigitsIsReadHoweverLarge() throws {
        let read = try #require(Self.read("ACK q 9999999999999999999 7\n"))
        #expect(read.tags == [DeliveryTag(9_999_999_999_999_999_999), DeliveryTag(7)])
    }

    @Test func severalTagsAreReadInTheirOrder() throws {
        let read = try #require(Self.read("ACK jobs.mail 3 1 2\nACK q 4\n"))
        #expect(read.channel == "jobs.mail")
        #expect(read.tags == [3, 1, 2].map(DeliveryTag.init))
        #expect(read.length == "ACK jobs.mail 3 1 2\n".utf8.count)
    }

    @Test(arguments: [
        "ACK q\n", "ACK q \n", "ACK q  7\n", "ACK q 7 \n", "ACK  q 7\n", "ACK q 7", "ACK q 7\r\n", "ACK q x\n",
        "ACK q 7 a=b\n",
        "ACK q! 7\n", "ACK q!1 7\n", "ACK q 07\n", "ACK q 12345678901234567890\n", "ACKS q 7\n", "ACK :2 q\n",
        "ACK q \(String(repeating: "7 ", count: 2_100))7\n",
    ])
    func allElseIsLeftToTheParser(text: String) { #expect(Self.read(text) == nil) }
}
