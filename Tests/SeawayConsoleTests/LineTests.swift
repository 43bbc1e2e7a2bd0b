import SeawayConsole
import SeawayMessage
import Testing

@Suite struct DeliveryLineTests {
    @Test func aDeliveryIsItsChannelsThenItsMessage() {
        let delivery = Delivery(channels: ["chat.log"], body: Payload(["text": "hi"]))
        #expect(DeliveryLine.text(delivery) == #"chat.log {"text":"hi"}"#)
        #expect(DeliveryLine.json(delivery) == #"{"channels":["chat.log"],"message":{"text":"hi"}}"#)
    }

    @Test func aDeliveryThroughAGroupNamesIt() {
        let delivery = Delivery(channels: ["a.1", "a.2"], group: "room", body: Payload(["n": 1]))
        #expect(DeliveryLine.text(delivery) == #"a.1 a.2 group=room {"n":1}"#)
        #expect(DeliveryLine.json(delivery) == #"{"channels":["a.1","a.2"],"group":"room","message":{"n":1}}"#)
        #expect(DeliveryLine.text(copy: delivery) == #"room {"n":1}"#)
        #expect(DeliveryLine.json(copy: delivery) == #"{"group":"room","message":{"n":1}}"#)
    }

    private final class Nobody: MessageHolder {
        func take(
            _ verdict: HeldMessage.Verdict, of message: HeldMessage,
            answer: @escaping @Sendable (SendAnswer) -> Void
        ) { answer(.done) }
    }

    @Test func whatIsToBeAcknowledgedSaysByWhat() {
        let held = HeldMessage(channel: "jobs", id: "s18231", times: 2, holder: Nobody())
        let delivery = Delivery(channels: ["jobs"], body: Payload(["n": 1]), held: held)
        #expect(DeliveryLine.text(delivery) == #"jobs ack=s18231 times=2 {"n":1}"#)
        #expect(
            DeliveryLine.json(delivery) == #"{"channels":["jobs"],"ack":"s18231","times":2,"message":{"n":1}}"#)
    }

    @Test func aDeadLetterSaysWhyItIsOne() {
        let letter = DeadLetter(cause: .nak, tries: 3, age: .seconds(2), reason: "no address")
        let delivery = Delivery(channels: ["jobs.dead"], body: Payload(["n": 1]), deadLetter: letter)
        #expect(DeliveryLine.text(delivery) == #"jobs.dead dead=nak tries=3 {"n":1}"#)
        #expect(
            DeliveryLine.json(delivery)
                == #"{"channels":["jobs.dead"],"dead":"nak","tries":3,"since":2000,"why":"no address","message":{"n":1}}"#
        )
    }

    @Test func aMessageStaysInOneLineWhateverItHolds() {
        let delivery = Delivery(channels: ["c"], body: Payload(["text": "a\nb\u{9B}", "raw": .bytes([0xFF])]))
        #expect(DeliveryLine.text(delivery) == #"c {"text":"a\nb\u009b","raw":{"$bytes":"/w=="}}"#)
    }
}

@Suite struct BodyFormTests {
    @Test func jsonIsTakenAsItIs() throws {
        let body = Array(#" {"n":1.0,"s":"ü"} "#.utf8)
        let payload = try BodyForm.json.payload(of: body)
        #expect(try Message(payload) == ["n": .double(1), "s": "ü"])
    }

    @Test(arguments: ["", "[1]", "{\"a\":1}{}", "{\"a\":1", "hello", "{\"a\":1e999}"])
    func whatIsNoJSONMapIsRefused(text: String) {
        #expect(throws: BodyForm.Fault.self) { _ = try BodyForm.json.payload(of: Array(text.utf8)) }
    }

    @Test(arguments: [("hi", "hi"), ("hi\n", "hi"), ("hi\r\n", "hi"), ("a\nb\n\n", "a\nb\n"), ("", "")])
    func textLosesTheLineEndBehindIt(input: String, text: String) throws {
        let payload = try BodyForm.text.payload(of: Array(input.utf8))
        #expect(try Message(payload) == ["text": .string(text)])
    }

    @Test func textIsUTF8AndBytesAreAnything() throws {
        #expect(throws: BodyForm.Fault.self) { _ = try BodyForm.text.payload(of: [0xFF]) }
        let payload = try BodyForm.bytes.payload(of: [0xFF, 0x0A])
        #expect(try Message(payload) == ["bytes": .bytes([0xFF, 0x0A])])
    }
}
