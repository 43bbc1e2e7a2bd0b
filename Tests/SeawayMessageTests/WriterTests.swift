import SeawayMessage
import Testing

@Suite struct WriterTests {
    @Test func aWriterWritesWhatAMessageHolds() {
        let message: Message = [
            "a": [nil, true, 1, 1.5], "b": .bytes([1, 0xFF]), "long": "a longer string than fits in a word",
        ]
        var writer = MessagePackWriter(capacity: 64)
        writer.map(count: 3)
        let name: StaticString = "a"
        writer.string(name)
        writer.list(count: 4)
        writer.null()
        writer.bool(true)
        writer.int(1 as Int)
        writer.double(1.5)
        writer.string(utf8: [0x62].span)
        writer.bytes([1, 0xFF].span)
        writer.string("long")
        writer.value("a longer string than fits in a word")
        #expect(writer.finish() == message.payload)
    }

    @Test func bytesComeFromMemoryOfAnyKind() {
        let bytes: [UInt8] = [1, 2, 3]
        var writer = MessagePackWriter()
        writer.bytes(bytes)
        bytes.withUnsafeBytes { writer.bytes($0) }
        writer.bytes(bytes.span)
        #expect(writer.finish().messagePack == [0xC4, 3, 1, 2, 3, 0xC4, 3, 1, 2, 3, 0xC4, 3, 1, 2, 3])
    }

    @Test func jsonGetsItsCommasAndEscapes() {
        var writer = JSONWriter()
        writer.beginMap()
        writer.key("a\"")
        writer.beginList()
        writer.int(1 as Int)
        writer.double(2)
        writer.bool(false)
        writer.null()
        writer.beginList()
        writer.endList()
        writer.beginMap()
        writer.endMap()
        writer.string("é\n\u{1F}")
        writer.bytes([0x62].span)
        writer.bytes([0xFF].span)
        writer.raw(Array("{\"raw\":1}".utf8).span)
        writer.endList()
        writer.key(utf8: [0x63].span)
        writer.string(utf8: [0x64].span)
        writer.endMap()
        let json = #"{"a\"":[1,2.0,false,null,[],{},"é\n\u001f","b",{"$bytes":"/w=="},{"raw":1}],"c":"d"}"#
        #expect(String(decoding: writer.bytes, as: UTF8.self) == json)
    }
}
