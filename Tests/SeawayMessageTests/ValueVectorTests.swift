import SeawayMessage
import TestSupport
import Testing

@Suite struct ValueVectorTests {
    @Test(arguments: try ValueVector.accepted())
    func whatIsAllowedIsAcceptedAndTranslated(vector: ValueVector) throws {
        let messagePack = try #require(vector.messagePack)
        let json = try #require(vector.json)
        #expect(BodyCheck.isMessagePackMap(messagePack), "\(vector.why)")
        #expect(BodyCheck.isJSONMap(json), "\(vector.why)")
        if vector.translatesToJSON {
            #expect(Translation.json(fromMessagePack: messagePack) == json, "\(vector.why)")
        }
        if vector.translatesToMessagePack {
            #expect(Translation.messagePack(fromJSON: json) == messagePack, "\(vector.why)")
        }
    }

    @Test(arguments: try ValueVector.exact())
    func aMessageSurvivesItsValues(vector: ValueVector) throws {
        let payload = Payload(messagePack: try #require(vector.messagePack))
        let json = String(decoding: try #require(vector.json), as: UTF8.self)
        let message = try Message(payload)
        #expect(try Message(json: json) == message, "\(vector.why)")
        #expect(message.payload == payload, "\(vector.why)")
        #expect(message.json == json, "\(vector.why)")
        for (key, value) in message { #expect(payload[key] == value, "\(vector.why)") }
    }

    @Test(arguments: try ValueVector.refused())
    func whatIsNotAllowedIsRefusedEverywhere(vector: ValueVector) {
        if let bytes = vector.messagePack {
            #expect(!BodyCheck.isMessagePackMap(bytes), "\(vector.why)")
            #expect(Translation.json(fromMessagePack: bytes).isEmpty, "\(vector.why)")
            #expect(throws: MessageError(.messagePack), "\(vector.why)") { try Message(Payload(messagePack: bytes)) }
        }
        if let bytes = vector.json {
            #expect(!BodyCheck.isJSONMap(bytes), "\(vector.why)")
            #expect(Translation.messagePack(fromJSON: bytes).isEmpty, "\(vector.why)")
            guard let text = String(validating: bytes, as: UTF8.self) else { return }
            #expect(throws: MessageError(.json), "\(vector.why)") { try Message(json: text) }
        }
    }

    @Test(arguments: try ValueVector.accepted())
    func aBodyCutAnywhereIsRefused(vector: ValueVector) throws {
        let messagePack = try #require(vector.messagePack)
        for length in Self.lengths(below: messagePack.count) {
            let cut = Array(messagePack.prefix(length))
            #expect(!BodyCheck.isMessagePackMap(cut), "\(vector.why), \(length) bytes")
            #expect(Translation.json(fromMessagePack: cut).isEmpty, "\(vector.why), \(length) bytes")
        }
        // White space behind the map may be cut off.
        let json = try #require(vector.json)
        let end = try #require(json.lastIndex(of: UInt8(ascii: "}"))) + 1
        for length in Self.lengths(below: end) {
            let cut = Array(json.prefix(length))
            #expect(!BodyCheck.isJSONMap(cut), "\(vector.why), \(length) bytes")
            #expect(Translation.messagePack(fromJSON: cut).isEmpty, "\(vector.why), \(length) bytes")
        }
    }

    /// Every length below a limit; of a long body only those near its ends.
    private static func lengths(below end: Int) -> [Int] {
        end <= 1_000 ? Array(0..<end) : Array(0..<20) + Array(end - 2..<end)
    }
}
