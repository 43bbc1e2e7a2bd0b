import SeawayMessage
import SeawayTesting
import SeawayWorker
import TestSupport
import Testing

/// Sockets without ``Worker/onWebSocket(_:channel:serial:sticky:handler:)``: their events are in order all the same
/// (W16).
@Suite(.timeLimit(.minutes(1))) struct RawSocketTests {
    struct Oops: Error {}

    static let accepts: [(Message, Message)] = [
        (["accept": true], ["accept": true, "serial": true]),
        (["accept": true, "serial": nil, "text": "hi"], ["accept": true, "serial": true, "text": "hi"]),
        (["text": "hi"], ["text": "hi", "serial": true]),
        (["bytes": .bytes([1])], ["bytes": .bytes([1]), "serial": true]),
        (["accept": true, "serial": false], ["accept": true, "serial": false]),
        (["accept": false], ["accept": false]),
        (["accept": false, "text": "hi"], ["accept": false, "text": "hi"]),
        (["close": true], ["close": true]),
    ]

    @Test(arguments: Self.accepts)
    func anAcceptThatDoesNotSayOtherwiseIsSerial(said: Message, sent: Message) async throws {
        let layer = FakeLayer()
        try await withWorker(layer) { worker in
            worker.on("websocket.connect") { message in
                try await message.reply(said)
                // What comes behind the first is data.
                try await message.reply(["text": "more"])
            }
        } talk: { _ in
            layer.event(1, "connect", order: 0)
            try #require(try await layer.nextSent().message == sent)
            #expect(try await layer.nextSent().message == ["text": "more"])
            #expect(try await layer.nextCredit() == 1)
        }
    }

    @Test(arguments: ["websocket.receive", "websocket.disconnect"], [true, false])
    func anEventThatIsWaitedForIsDoneWhenItsConsumerHasEnded(channel: String, fails: Bool) async throws {
        let layer = FakeLayer()
        try await withWorker(layer, concurrency: 1) { worker in
            worker.on(channel) { _ in
                if fails { throw Oops() }
            }
        } talk: { _ in
            let type = String(channel.dropFirst("websocket.".count))
            layer.event(1, type, order: 7, ["text": "hi", "serial": true])
            if fails, type == "receive" { #expect(try await layer.nextSent().message == ["close": 1_011]) }
            let done = try await layer.nextSent()
            #expect(done.channel == "websocket.control.s!1")
            #expect(done.message == ["done": 7])
            #expect(try await layer.nextCredit() == 1)
            // Nobody waits for this one.
            layer.event(1, "receive", order: 8, on: channel, ["text": "hi"])
            if fails { #expect(try await layer.nextSent().message == ["close": 1_011]) }
            #expect(try await layer.nextCredit() == 1)
        }
        layer.send(Message().payload, to: "end", ifHeard: false) { _ in }
        #expect(try await layer.nextSent().channel == "end")
    }

    @Test func aConsumerMaySayDoneByItself() async throws {
        let layer = FakeLayer()
        try await withWorker(layer) { worker in
            worker.on("websocket.receive") { message in
                try await message.done()
                try await message.reply(["text": "behind it"])
                try await message.done()
            }
            worker.on("other") { try await $0.done() }
        } talk: { _ in
            layer.event(1, "receive", order: 1, ["text": "hi", "serial": true])
            try #require(try await layer.nextSent().message == ["done": 1])
            #expect(try await layer.nextSent().message == ["text": "behind it"])
            #expect(try await layer.nextCredit() == 1)
            layer.event(1, "receive", order: 2, ["text": "hi"])
            #expect(try await layer.nextSent().message == ["text": "behind it"])
            #expect(try await layer.nextCredit() == 1)
            layer.deliver([:], to: "other")
            #expect(try await layer.nextCredit() == 1)
        }
    }

    @Test func whatWasHandedOnIsDoneByOthers() async throws {
        let layer = FakeLayer()
        try await withWorker(layer) { worker in
            worker.on("websocket.receive") { message in
                try await message.handOn(try message.message(), to: "slow.receive")
            }
        } talk: { _ in
            layer.event(1, "receive", order: 1, ["text": "hi", "serial": true])
            let sent = try await layer.nextSent()
            #expect(sent.channel == "slow.receive")
            #expect(sent.message["control_channel"] == "websocket.control.s!1")
            #expect(sent.message["serial"] == true)
            #expect(try await layer.nextCredit() == 1)
        }
        layer.send(Message().payload, to: "end", ifHeard: false) { _ in }
        #expect(try await layer.nextSent().channel == "end")
    }

    @Test func aSocketThatHasEndedIsNotClosedForIt() async throws {
        let layer = FakeLayer { _, _ in .refused(Refusal(code: "gone")) }
        try await withWorker(layer) { worker in
            worker.on("websocket.receive") { try await $0.done() }
        } talk: { _ in
            layer.event(1, "receive", order: 1, ["text": "hi", "serial": true])
            try #require(try await layer.nextSent().message == ["done": 1])
            #expect(try await layer.nextCredit() == 1)
        }
        layer.send(Message().payload, to: "end", ifHeard: false) { _ in }
        #expect(try await layer.nextSent().channel == "end")
    }
}
