import SeawayMessage
import TestSupport
import Testing

@Suite struct RandomMessageTests {
    @Test(arguments: 0..<20 as Range<UInt64>)
    func anyMessageSurvivesBothFormats(seed: UInt64) throws {
        var source = MessageSource(seed: seed)
        for _ in 0..<100 {
            let message = source.message(depth: 1)
            let payload = message.payload
            #expect(BodyCheck.isMessagePackMap(payload.messagePack), "\(message)")
            #expect(try Message(payload) == message)
            let json = Translation.json(fromMessagePack: payload.messagePack)
            #expect(BodyCheck.isJSONMap(json), "\(message)")
            #expect(Translation.messagePack(fromJSON: json) == payload.messagePack, "\(message)")
        }
    }

    /// A changed byte may be refused or make another message, but both formats must then agree on it.
    @Test(arguments: 0..<20 as Range<UInt64>)
    func aDamagedBodyIsRefusedOrStillAMessage(seed: UInt64) {
        var source = MessageSource(seed: 1_000 + seed)
        for _ in 0..<100 {
            var bytes = source.message(depth: 1).payload.messagePack
            bytes[Int.random(in: 0..<bytes.count, using: &source.random)] = UInt8.random(
                in: 0...255, using: &source.random)
            if !Self.agree(messagePack: bytes) { Issue.record("\(bytes)") }
            var text = Array(source.message(depth: 1).json.utf8)
            let marks = Array("{}[]\",:\\u0$-.e\u{1F}\u{FF}".utf8)
            let place = Int.random(in: 0..<text.count, using: &source.random)
            text[place] = marks.randomElement(using: &source.random) ?? 0
            if !Self.agree(json: text) { Issue.record("\(text)") }
        }
    }

    @Test func randomBytesAreNoMessageAndDoNoHarm() {
        var random = SeededGenerator(seed: 7)
        for _ in 0..<100_000 {
            var bytes = (0..<Int.random(in: 0..<48, using: &random)).map { _ in
                UInt8.random(in: 0...255, using: &random)
            }
            // Half of them begin as a map does, so that they come further.
            if !bytes.isEmpty, Bool.random(using: &random) { bytes[0] = 0x80 | bytes[0] & 3 }
            if !Self.agree(messagePack: bytes) { Issue.record("\(bytes)") }
        }
    }

    @Test func randomTextIsNoMessageAndDoesNoHarm() {
        var random = SeededGenerator(seed: 8)
        let pieces = [
            "{", "}", "[", "]", "\"", ":", ",", "\\", "\\u", "d83d", "\\ude00", "$bytes", "\"a\"", "/w==", "0", "-",
            "1", ".", "e", "99999999999",
            "true", "null", " ", "\n", "\u{1F}", "é",
        ].map { Array($0.utf8) }
        for _ in 0..<100_000 {
            let middle = (0..<Int.random(in: 0..<12, using: &random)).flatMap { _ in
                pieces.randomElement(using: &random) ?? []
            }
            let text = Array("{\"a\":".utf8) + middle + Array("}".utf8)
            if !Self.agree(json: text) { Issue.record("\(text)") }
        }
    }

    /// The check, the translation and the decoder must say the same of any bytes.
    private static func agree(messagePack bytes: [UInt8]) -> Bool {
        let isMessage = BodyCheck.isMessagePackMap(bytes)
        let json = Translation.json(fromMessagePack: bytes)
        let message = try? Message(Payload(messagePack: bytes))
        return json.isEmpty != isMessage && (message != nil) == isMessage && (!isMessage || BodyCheck.isJSONMap(json))
            && Payload(messagePack: bytes)["no such key"] == nil
    }

    private static func agree(json bytes: [UInt8]) -> Bool {
        let isMessage = BodyCheck.isJSONMap(bytes)
        let messagePack = Translation.messagePack(fromJSON: bytes)
        return messagePack.isEmpty != isMessage && (!isMessage || BodyCheck.isMessagePackMap(messagePack))
    }
}

/// Makes random messages that both formats hold exactly: their bytes are never UTF-8, and their keys are often near
/// `$bytes`.
private struct MessageSource {
    var random: SeededGenerator

    init(seed: UInt64) { self.random = SeededGenerator(seed: seed) }

    mutating func message(depth: Int) -> Message {
        var message = Message()
        for _ in 0..<self.count(depth) { message[self.key()] = self.value(depth: depth + 1) }
        return message
    }

    private mutating func value(depth: Int) -> Value {
        switch Int.random(in: 0..<8, using: &self.random) {
        case 0: .null
        case 1: .bool(Bool.random(using: &self.random))
        case 2: .int(Int64(truncatingIfNeeded: self.random.next()) >> Int64.random(in: 0..<64, using: &self.random))
        case 3: .double(self.double())
        case 4: .string(self.string())
        case 5: .bytes([0xFF] + (0..<self.count(1)).map { _ in UInt8.random(in: 0...255, using: &self.random) })
        case 6: .list((0..<self.count(depth)).map { _ in self.value(depth: depth + 1) })
        default: .map(self.message(depth: depth))
        }
    }

    private mutating func count(_ depth: Int) -> Int {
        guard depth < 6 else { return 0 }
        return Int.random(
            in: 0..<(Int.random(in: 0..<20, using: &self.random) == 0 ? 40 / depth : 4), using: &self.random)
    }

    private mutating func double() -> Double {
        let value = Double(bitPattern: self.random.next())
        return value.isFinite ? value : Double(Int16(truncatingIfNeeded: self.random.next()))
    }

    private mutating func key() -> String {
        let dollars = String(repeating: "$", count: Int.random(in: 0..<4, using: &self.random))
        return Bool.random(using: &self.random) ? dollars + "bytes" : self.string()
    }

    private mutating func string() -> String {
        let scalars: [ClosedRange<UInt32>] = [
            0...0x7F, 0x80...0x7FF, 0x800...0xD7FF, 0xE000...0xFFFF, 0x1_0000...0x10_FFFF,
        ]
        var text = String.UnicodeScalarView()
        for _ in 0..<self.count(1) * 3 {
            let range =
                Bool.random(using: &self.random) ? scalars[0] : scalars.randomElement(using: &self.random) ?? 0...0
            if let scalar = Unicode.Scalar(UInt32.random(in: range, using: &self.random)) { text.append(scalar) }
        }
        return String(text)
    }
}
