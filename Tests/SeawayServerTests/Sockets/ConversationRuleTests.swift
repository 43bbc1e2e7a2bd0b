import NIOCore
import SeawayMessage
import SeawayServer
import SeawayTesting
import TestSupport
import Testing

@Suite("What goes to and fro (W4 to W6, W10 to W14)") struct ConversationRuleTests {
    @Test("W4") func textIsTextAndBytesAreBytes() throws {
        let site = SocketSite()
        let browser = try site.open()
        try browser.send(.text("hi"), .binary([0, 255]), .text(""))
        let messages = site.events().map(\.message)
        #expect(messages.map { $0["order"] } == [1, 2, 3])
        #expect(messages[0]["text"] == "hi" && messages[0]["bytes"] == nil)
        #expect(messages[1]["bytes"] == .bytes([0, 255]) && messages[1]["text"] == nil)
        #expect(messages[2]["text"] == "")
        browser.hear(["text": "hello"])
        browser.hear(["bytes": .bytes([1, 2])])
        #expect(try browser.frames() == [.text("hello"), .binary([1, 2])])
    }

    @Test("W6") func noEventOvertakesOneThatIsNotAnswered() throws {
        let site = SocketSite()
        let browser = try site.open()
        site.answer(nil, on: "websocket.receive")
        try browser.send(.text("a"), .text("b"))
        browser.leave()
        #expect(site.events().map(\.summary) == ["receive 1 a"])
        site.layer.answerHeld(.unknown)
        site.server.run()
        #expect(site.events().map(\.summary) == ["receive 2 b"])
        site.layer.answerHeld(.done)
        site.server.run()
        #expect(site.events().map(\.summary) == ["disconnect 3 1006"])
        #expect(site.counters.unknownEvents == 1)
    }

    @Test("W5, W10, W12") func theBrowserCloses() throws {
        let site = SocketSite()
        let browser = try site.open()
        try browser.send(.close(4_001, "bored"))
        let events = site.events()
        #expect(events.map(\.summary) == ["disconnect 1 4001"] && events[0].message["reason"] == "bored")
        #expect(site.calls() == ["CLOSE \(browser.sendChannel) \(browser.controlChannel)"])
        #expect(try browser.frames() == [.close(4_001, "bored")])
        browser.leave()
        #expect(site.events().isEmpty)
    }

    @Test("W10") func aCloseWithoutACodeIs1005AndNoCloseIs1006() throws {
        let site = SocketSite()
        try site.open().send(.close(nil))
        #expect(site.events().map(\.code) == [1_005])
        try site.open().leave()
        #expect(site.events().map(\.code) == [1_006])
    }

    @Test("W10, W11") func theWorkerCloses() throws {
        let site = SocketSite()
        let browser = try site.open()
        browser.hear(["text": "last", "close": 4_000, "reason": "done"])
        #expect(try browser.frames() == [.text("last"), .close(4_000, "done")])
        #expect(site.events().isEmpty)
        try browser.send(.close(4_000, "done"))
        let events = site.events()
        #expect(events.map(\.summary) == ["disconnect 1 4000"])
    }

    @Test(
        "W11",
        arguments: [
            ["text": "a", "bytes": "b"], [:], ["close": false], ["close": 1_005], ["text": 1],
            ["close": true, "reason": 2],
        ] as [Message])
    func whatIsMalformedClosesTheSocketUnlessItCameThroughAGroup(message: Message) throws {
        let site = SocketSite()
        let browser = try site.open()
        browser.hear(message, group: "all")
        #expect(try browser.frames().isEmpty && site.counters.malformed == 1)
        browser.hear(message)
        #expect(try browser.frames() == [.close(1_011, "malformed message")])
        browser.leave()
        #expect(site.events().map(\.summary) == ["disconnect 1 1011"] && site.counters.malformed == 2)
    }

    @Test("W11") func aGroupClosesEveryMember() throws {
        let site = SocketSite()
        let browsers = try (0..<3).map { _ in try site.open() }
        site.deliver(["text": "bye", "close": true], to: browsers.map(\.sendChannel), group: "all")
        for browser in browsers { #expect(try browser.frames() == [.text("bye"), .close(1_000, "")]) }
    }

    @Test("W11") func whatBelongsToTheHandshakeIsPassedOverLater() throws {
        let site = SocketSite()
        let browser = try site.open()
        browser.hear(["accept": true, "subprotocol": "x", "headers": [["a", "b"]], "serial": true])
        browser.hear(["accept": false, "text": "still here"])
        #expect(try browser.frames() == [.text("still here")] && browser.isOpen)
    }

    @Test("W12") func whatComesTooLateIsClosed() throws {
        let site = SocketSite()
        let browser = try site.open()
        browser.leave()
        _ = site.calls()
        browser.hear(["text": "late"], group: "all")
        browser.control(["close": true])
        #expect(site.calls() == ["CLOSE \(browser.sendChannel)", "CLOSE \(browser.controlChannel)"])
        #expect(site.counters.late == 2)
    }

    @Test("W12") func oneOfManyIsGone() throws {
        let site = SocketSite()
        let here = try site.open()
        let gone = try site.open()
        gone.leave()
        _ = site.calls()
        site.deliver(["text": "news"], to: [gone.sendChannel, here.sendChannel], group: "all")
        #expect(try here.frames() == [.text("news")])
        #expect(site.calls() == ["CLOSE \(gone.sendChannel)"])
    }

    @Test("W14") func controlClosesBeforeWhatWaits() throws {
        let site = SocketSite()
        let browser = try site.open()
        browser.becomeSlow(true)
        browser.hear(["text": "waits"])
        browser.control(["close": 4_000, "reason": "now"])
        browser.becomeSlow(false)
        #expect(try browser.frames() == [.close(4_000, "now")])
    }

    @Test("W14", arguments: [["done": "1"], [:], ["close": 1_005], ["receive_channel": 1]] as [Message])
    func aMalformedControlMessageCloses(message: Message) throws {
        let site = SocketSite()
        let browser = try site.open()
        browser.control(message)
        #expect(try browser.frames() == [.close(1_011, "malformed message")])
    }

    @Test("W14") func controlBeforeTheHandshake() throws {
        let site = SocketSite()
        let browser = try site.ask()
        browser.control(["receive_channel": "websocket.worker.mine!1"])
        browser.hear(["accept": true])
        try browser.send(.text("a"))
        #expect(site.events().map(\.channel) == ["websocket.connect", "websocket.worker.mine!1"])
        let other = try site.ask()
        other.control(["close": true])
        #expect(try other.status() == 403)
    }

    @Test("W1") func aLostMailboxClosesWhatIsOpen() throws {
        let site = SocketSite()
        let browser = try site.open()
        let asking = try site.ask()
        _ = site.events()
        let old = browser.sendChannel
        site.layer.happen(.lost(name: "x"), to: "websocket.send")
        site.server.run()
        #expect(try browser.frames() == [.close(1_012, "")] && asking.status() == 503)
        browser.leave()
        let events = site.events()
        #expect(events.map(\.summary) == ["disconnect 1 1006", "disconnect 1 1012"])
        #expect(events.last?.message["reply_channel"]?.string == old)
        // A new name, and all goes on.
        site.pass(.seconds(1))
        let next = try site.open()
        #expect(next.sendChannel.split(separator: "!").first != old.split(separator: "!").first)
        next.hear(["text": "hello"])
        #expect(try next.frames() == [.text("hello")])
    }

    @Test("W23") func aServerThatLeavesClosesItsSockets() throws {
        let site = SocketSite()
        let browser = try site.open()
        site.refuse("full", on: "websocket.disconnect")
        let isLeft = Flag(site.server.core.drain())
        #expect(try browser.frames() == [.close(1_001, "")])
        try browser.send(.close(1_001))
        #expect(site.events().map(\.summary) == ["disconnect 1 1001"] && !isLeft.isSet)
        site.answer(.done, on: "websocket.disconnect")
        site.pass(.seconds(1))
        #expect(site.events().map(\.summary) == ["disconnect 1 1001"] && isLeft.isSet)
    }

    @Test("W23") func graceIsBounded() throws {
        let site = SocketSite()
        site.refuse("unreachable", on: "websocket.disconnect")
        let waiting = try site.open()
        waiting.leave()
        _ = try site.open()
        _ = try site.ask()
        let isLeft = Flag(site.server.core.drain())
        #expect(!isLeft.isSet)
        site.server.core.abort()
        site.server.run()
        #expect(isLeft.isSet && site.counters.droppedDisconnects == 3)
    }

    @Test("One message for many is encoded once") func aGroupMessageReachesAll() throws {
        let site = SocketSite()
        let browsers = try (0..<200).map { _ in try site.open() }
        let text = String(repeating: "x", count: 5_000)
        site.deliver(["text": .string(text)], to: browsers.map(\.sendChannel), group: "all")
        for browser in browsers { #expect(try browser.frames() == [.text(text)]) }
    }
}
