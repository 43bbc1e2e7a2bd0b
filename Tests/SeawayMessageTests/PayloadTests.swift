import SeawayMessage
import Testing

@Suite struct PayloadTests {
    @Test func oneKeyIsFoundWithoutTheOthers() {
        let payload = Payload(["a": ["b": [1, 2, nil]], "c": "d", "e": 1.5])
        #expect(payload["a"] == ["b": [1, 2, nil]])
        #expect(payload["c"] == "d")
        #expect(payload["e"] == 1.5)
        #expect(payload["b"] == nil)
        #expect(payload.count == payload.messagePack.count)
    }

    @Test func ofAKeyThatStandsTwiceTheLastIsFound() {
        #expect(Payload(messagePack: [0x82, 0xA1, 0x61, 1, 0xA1, 0x61, 2])["a"] == 2)
    }

    @Test(arguments: [
        [], [0x81], [0x81, 0xA1, 0x61], [0x91, 0xA1, 0x61], [0x82, 0xA1, 0x61, 1, 0xA1],
        [0x82, 0xA1, 0x61, 1, 0xA1, 0x62, 0xC1],
        [0xDF, 0xFF, 0xFF, 0xFF, 0xFF, 0xA1, 0x61, 1],
    ])
    func malformedBytesHoldNothing(bytes: [UInt8]) {
        #expect(Payload(messagePack: bytes)["a"] == nil)
    }

    @Test func aReaderGivesRangesOfThePayload() {
        let payload = Payload(["status": 200, "content": .bytes([1, 2]), "more": false, "headers": [["a", "b"]]])
        var reader = MessagePackReader(payload)
        let keys = reader.map()
        let key = reader.string() ?? 0..<0
        let status = reader.int()
        _ = reader.string()
        let content = reader.data() ?? 0..<0
        _ = reader.string()
        let more = reader.bool()
        _ = reader.string()
        let lists = [reader.list(), reader.list()]
        let text = reader.data() ?? 0..<0
        let rest = [reader.isAtEnd, reader.skip(), reader.isAtEnd, reader.skip()]

        #expect(keys == 4 && status == 200 && more == false && lists == [1, 2])
        #expect(reader.holds("status", at: key) && !reader.holds("statu", at: key) && reader.holds("a", at: text))
        #expect(payload.messagePack[content] == [1, 2])
        #expect(rest == [false, true, true, false])
    }

    @Test func aReaderRefusesAnotherKind() {
        let number = Payload(messagePack: [0x01])
        func read<Result>(_ payload: Payload, _ step: (inout MessagePackReader) -> Result) -> Result {
            var reader = MessagePackReader(payload)
            return step(&reader)
        }
        #expect(read(number) { $0.map() } == nil)
        #expect(read(number) { $0.list() } == nil)
        #expect(read(number) { $0.string() } == nil)
        #expect(read(number) { $0.data() } == nil)
        #expect(read(number) { $0.bool() } == nil)
        #expect(read(Payload(messagePack: [0xC3])) { $0.int() } == nil)
        #expect(read(Payload(messagePack: [0xA1, 0xFF])) { $0.string() } == nil)
        #expect(read(Payload(messagePack: [0xA1, 0xFF])) { $0.data() } == nil)
        #expect(read(Payload(messagePack: [])) { $0.value() } == nil)
    }
}
