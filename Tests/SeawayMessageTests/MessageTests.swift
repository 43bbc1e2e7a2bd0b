import SeawayMessage
import Testing

@Suite struct MessageTests {
    @Test func keysKeepTheirOrder() {
        var message: Message = ["z": 1, "a": 2, "m": 3]
        message["a"] = 4
        message["b"] = nil
        message["b"] = .null
        message["z"] = nil
        #expect(message.keys == ["a", "m", "b"])
        #expect(message.json == #"{"a":4,"m":3,"b":null}"#)
        #expect(message.map(\.key) == message.keys)
        #expect(message.count == 3 && !message.isEmpty)
    }

    @Test(arguments: [3, 40])
    func ofAKeyThatStandsTwiceTheLastValueCounts(count: Int) throws {
        let pairs = (0..<count).map { ("k\($0)", Value.int(Int64($0))) } + [("k1", "last")]
        let message = Message(pairs)
        #expect(message.count == count)
        #expect(message["k1"] == "last")
        #expect(message.keys[1] == "k1")
        #expect(try Message(Payload(messagePack: [0x82, 0xA1, 0x61, 1, 0xA1, 0x61, 2]))["a"] == 2)
    }

    @Test func literalsMakeValuesOfTheirKind() {
        let name = "x"
        let message: Message = [
            "n": nil, "b": true, "i": -1, "d": 1.5, "s": "t", "t": "\(name)y", "l": [1, "2"], "m": ["k": []],
        ]
        #expect(message.json == #"{"n":null,"b":true,"i":-1,"d":1.5,"s":"t","t":"xy","l":[1,"2"],"m":{"k":[]}}"#)
    }

    @Test func aValueShowsItselfOnlyAsWhatItIs() {
        #expect(Value.null.isNull)
        #expect(Value.int(3).int == 3 && Value.int(3).double == 3 && Value.int(3).string == nil)
        #expect(Value.double(1.5).double == 1.5 && Value.double(1).int == nil)
        #expect(Value.bool(true).bool == true && Value.bool(true).int == nil)
        #expect(Value.list([1]).list == [1] && Value.list([1]).map == nil)
        let map: Value = ["a": ["b": 1]]
        #expect(map["a"]?["b"]?.int == 1 && map["c"] == nil && map.list == nil)
    }

    @Test func aStringIsTakenAsBytesButNotTheOtherWay() {
        #expect(Value.string("é").bytes == [0xC3, 0xA9])
        #expect(Value.bytes([0x61]).bytes == [0x61])
        #expect(Value.bytes([0x61]).string == nil)
        #expect(Value.int(1).bytes == nil)
    }

    @Test func aMessageThatNoBrokerTakesHasNoJSON() {
        #expect(Message([("a", .double(.nan))]).json.isEmpty)
        #expect(!BodyCheck.isMessagePackMap(Message([("a", .double(.infinity))]).payload.messagePack))
    }

    @Test func manyKeysFromAPeerAreReadInLinearTime() throws {
        let count = 100_000
        var writer = MessagePackWriter()
        writer.map(count: count)
        for number in 0..<count {
            writer.string("\(number)")
            writer.null()
        }
        #expect(try Message(writer.finish()).count == count)
    }
}
