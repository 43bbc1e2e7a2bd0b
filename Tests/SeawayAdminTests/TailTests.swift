import SeawayAdmin
import SeawayMessage
import Testing

@Suite("Looking on from a browser") struct TailTests {
    @Test func whatAReaderDoesNotTakeIsDroppedAndToldOf() {
        var feed = TailFeed()
        #expect(feed.came(1, isTaken: true) == .write)
        #expect(feed.came(2, isTaken: false) == .drop)
        #expect(feed.came(1, isTaken: false) == .drop)
        #expect(feed.came(1, isTaken: true) == .tell(missing: 3))
        #expect(feed.came(1, isTaken: true) == .write)
        #expect(feed.dropped == 3)
    }

    @Test func whatIsMissingIsToldAsSoonAsTheReaderTakesAgain() {
        var feed = TailFeed()
        feed.lost(5)
        #expect(feed.isTakenAgain() == 5)
        #expect(feed.isTakenAgain() == 0)
        #expect(feed.came(1, isTaken: true) == .write)
    }

    @Test func aCopyIsOneEvent() throws {
        let copy = Delivery(channels: ["a", "b"], group: "room", body: Payload(["text": "hi\nthere"]))
        let text = String(decoding: TailText.message(copy, time: 12.5), as: UTF8.self)
        #expect(text.hasPrefix("data: {") && text.hasSuffix("}\n\n"))
        let data = try Message(json: String(text.dropFirst(6)))
        #expect(data["channel"] == "a" && data["channels"] == 2 && data["group"] == "room" && data["time"] == 12.5)
        #expect(data["body"] == ["text": "hi\nthere"] && data["kind"] == "sent")
        // One line, whatever stands in the body.
        #expect(text.split(separator: "\n").count == 1)
    }

    @Test func ofALargeBodyThereIsABeginning() throws {
        let copy = Delivery(
            channels: ["a"], body: Payload(["text": .string(String(repeating: "ä", count: 20_000))]))
        let text = String(decoding: TailText.message(copy, time: 0), as: UTF8.self)
        let data = try Message(json: String(text.dropFirst(6)))
        #expect(data["body"] == .null && data["size"]?.int ?? 0 > 40_000)
        #expect(data["text"]?.string?.count == 500)
    }
}
