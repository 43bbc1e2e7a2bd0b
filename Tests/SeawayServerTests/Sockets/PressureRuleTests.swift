import NIOCore
import SeawayMessage
import SeawayServer
import SeawayTesting
import TestSupport
import Testing

@Suite("Slow browsers, slow workers, and lines (W5, W13, W15 to W18)") struct PressureRuleTests {
    // MARK: Slow browsers

    @Test("W13") func underWaitTheSendersAreHeldBack() throws {
        let site = SocketSite { $0.sockets.wire.maxQueuedMessages = 4 }
        let browser = try site.open()
        browser.becomeSlow(true)
        for index in 0..<5 { browser.hear(["text": .string("\(index)")]) }
        #expect(site.calls() == ["PAUSE \(browser.sendChannel)"])
        browser.becomeSlow(false)
        #expect(site.calls() == ["RESUME \(browser.sendChannel)"])
        #expect(try browser.frames() == (0..<5).map { .text("\($0)") })
        #expect(site.counters.pauses == 1)
    }

    @Test("W13") func whoIsHeldBackTooLongIsClosed() throws {
        let site = SocketSite { $0.sockets.wire.maxQueuedMessages = 1 }
        let browser = try site.open()
        browser.becomeSlow(true)
        for _ in 0..<3 { browser.hear(["text": "x"]) }
        site.pass(.milliseconds(29_999))
        #expect(site.events().isEmpty)
        site.pass(.milliseconds(1))
        #expect(site.events().map(\.summary) == ["disconnect 1 1008"])
    }

    @Test("W13", arguments: [(OutboxPolicy.dropOldest, ["2", "3"]), (.keepNewest, ["3"])])
    func thePoliciesThatDropNeverPauseAndNeverEnd(policy: OutboxPolicy, kept: [String]) throws {
        let site = SocketSite {
            $0.sockets.routes = Routes(fallback: SocketRoute(channel: "websocket.connect", overflow: policy))
            $0.sockets.wire.maxQueuedMessages = 2
            $0.sockets.wire.silenceTimeout = .seconds(1_000)
            $0.sockets.wire.pingInterval = .seconds(1_000)
        }
        let browser = try site.open()
        browser.becomeSlow(true)
        for index in 0..<4 { browser.hear(["text": .string("\(index)")]) }
        site.pass(.seconds(60))
        #expect(site.calls().isEmpty && site.events().isEmpty)
        browser.becomeSlow(false)
        #expect(try browser.frames() == kept.map { .text($0) })
    }

    // MARK: The end at a distant broker

    @Test("W5") func disconnectsThatWaitForTheirChannelsToCloseAreNotAmongThoseThatWaitForRoom() throws {
        let site = SocketSite { $0.sockets.maxWaitingDisconnects = 1 }
        let browsers = try (0..<5).map { _ in try site.open() }
        site.layer.holdClosed(true)
        for browser in browsers { browser.leave() }
        #expect(site.events().isEmpty && site.counters.droppedDisconnects == 0)
        site.layer.holdClosed(false)
        site.server.run()
        #expect(site.events().map(\.summary) == [String](repeating: "disconnect 1 1006", count: 5))
    }

    @Test("W5") func noMoreWaitForThatThanMayBeOpen() throws {
        let site = SocketSite { $0.maxConnections = 2 }
        site.layer.holdClosed(true)
        for _ in 0..<3 { try site.open().leave() }
        #expect(site.events().map(\.summary) == ["disconnect 1 1006"])
        site.layer.holdClosed(false)
        site.server.run()
        #expect(site.events().count == 2 && site.server.core.counters.sockets.droppedDisconnects == 0)
    }

    @Test("W5, W23") func aServerThatLeavesWaitsForThem() throws {
        let site = SocketSite()
        let browser = try site.open()
        site.layer.holdClosed(true)
        browser.leave()
        let left = Flag(site.server.core.drain())
        site.server.run()
        #expect(!left.isSet && site.events().isEmpty)
        site.layer.holdClosed(false)
        site.server.run()
        #expect(left.isSet && site.events().map(\.summary) == ["disconnect 1 1006"])
    }

    // MARK: Slow workers

    @Test("W15") func whatFindsNoRoomWaitsInOrder() throws {
        let site = SocketSite()
        let browser = try site.open()
        site.refuse("full", on: "websocket.receive")
        try browser.send(.text("a"), .text("b"), .text("c"))
        #expect(site.events().map(\.summary) == ["receive 1 a"])
        site.answer(.done, on: "websocket.receive")
        site.pass(.milliseconds(10))
        #expect(site.events().map(\.summary) == ["receive 1 a", "receive 2 b", "receive 3 c"])
    }

    @Test("W15") func theServerTriesLessAndLessOften() throws {
        let site = SocketSite()
        let browser = try site.open()
        site.refuse("full", on: "websocket.receive")
        try browser.send(.text("a"))
        var times: [Int] = []
        for time in stride(from: 0, to: 8_000, by: 10) {
            for _ in site.events() { times.append(time) }
            site.pass(.milliseconds(10))
        }
        #expect(times == [0, 10, 30, 70, 150, 310, 630, 1_270, 2_270, 3_270, 4_270, 5_270, 6_270, 7_270])
    }

    @Test("W15") func onlyTheFirstInTheLineTriesAndAllAreServedInTurn() throws {
        let site = SocketSite()
        let browsers = try (0..<50).map { _ in try site.open() }
        site.refuse("full", on: "websocket.receive")
        for (index, browser) in browsers.enumerated() { try browser.send(.text("\(index)")) }
        #expect(site.events().map(\.summary) == ["receive 1 0"])
        site.pass(.milliseconds(10))
        #expect(site.events().map(\.summary) == ["receive 1 0"])
        // Held: the answer comes later, and nobody tries meanwhile.
        site.answer(nil, on: "websocket.receive")
        site.pass(.milliseconds(20))
        #expect(site.events().map(\.summary) == ["receive 1 0"])
        site.pass(.seconds(1))
        #expect(site.events().isEmpty)
        site.answer(.done, on: "websocket.receive")
        site.layer.answerHeld(.done)
        site.server.run()
        #expect(site.events().map { $0.message["text"]?.string } == (1..<50).map { "\($0)" })
        // Nobody is left in it.
        try browsers[0].send(.text("next"))
        #expect(site.events().map(\.summary) == ["receive 2 next"])
    }

    @Test("W15") func aLongLineIsServedAtOnceWithoutGoingDeep() throws {
        let site = SocketSite { $0.maxConnections = 10_000 }
        let browsers = try (0..<2_000).map { _ in try site.open() }
        site.refuse("full", on: "websocket.disconnect")
        for browser in browsers { browser.leave() }
        site.answer(.done, on: "websocket.disconnect")
        _ = site.events()
        site.pass(.seconds(1))
        #expect(Set(site.events().compactMap { $0.message["reply_channel"]?.string }).count == 2_000)
    }

    @Test("W15") func otherChannelsDoNotWait() throws {
        let site = SocketSite { $0.sockets.routes = (try? Routes(["/b=b"])) ?? Routes() }
        let first = try site.open()
        let other = try site.open(["accept": true], "/b")
        site.refuse("full", on: "websocket.receive")
        try first.send(.text("a"))
        try other.send(.text("b"))
        #expect(site.events().map(\.channel) == ["websocket.receive", "b.receive"])
    }

    @Test("W15") func nothingMoreIsReadOfABrowserWhoseEventsWait() throws {
        let site = SocketSite()
        let browser = try site.open()
        site.refuse("unreachable", on: "websocket.receive")
        for index in 0..<30 { try browser.send(.text("\(index)")) }
        site.answer(.done, on: "websocket.receive")
        #expect(site.events().count == 1 && site.server.core.sockets(received: 17))
        site.pass(.milliseconds(10))
        #expect(site.events().compactMap(\.order) == Array(1...30))
    }

    @Test("W15") func anOverloadedSocketIsClosed() throws {
        let site = SocketSite()
        let browser = try site.open()
        site.refuse("full", on: "websocket.receive")
        try browser.send(.text("a"), .text("b"))
        site.pass(.seconds(10))
        #expect(try browser.frames() == [.close(1_013, "overloaded")])
        _ = site.events()
        try browser.send(.close(1_013))
        site.pass(.seconds(1))
        let events = site.events()
        #expect(events.map(\.summary) == ["disconnect 1 1013"])
        #expect(site.counters.overloaded == 1 && site.counters.droppedEvents == 2)
    }

    @Test("W5") func disconnectsThatWaitAreBounded() throws {
        let site = SocketSite { $0.sockets.maxWaitingDisconnects = 3 }
        site.refuse("full", on: "websocket.disconnect")
        for _ in 0..<5 { try site.open().leave() }
        #expect(site.counters.droppedDisconnects == 2)
        _ = site.events()
        site.answer(.done, on: "websocket.disconnect")
        site.pass(.seconds(1))
        #expect(site.events().count == 3)
        for _ in 0..<4 { try site.open().leave() }
        #expect(site.counters.droppedDisconnects == 2)
    }

    @Test("W5") func disconnectsOnTheirWayAreNotCountedAsWaiting() throws {
        let site = SocketSite { $0.sockets.maxWaitingDisconnects = 1 }
        site.answer(nil, on: "websocket.disconnect")
        for _ in 0..<5 { try site.open().leave() }
        #expect(site.counters.droppedDisconnects == 0)
        site.layer.answerHeld(.done)
        site.server.run()
        #expect(site.counters.droppedDisconnects == 0)
    }

    @Test("W5") func whatWaitsTakesNoPlaceOfAConnection() throws {
        let site = SocketSite { $0.maxConnections = 2 }
        site.refuse("full", on: "websocket.disconnect")
        for _ in 0..<5 { try site.open().leave() }
        _ = try site.open()
        _ = try site.open()
        #expect(try site.server.connect().output().hasPrefix("HTTP/1.1 503 "))
    }

    @Test("An event that will never be taken", arguments: [("size", UInt16(1_009)), ("denied", 1_011)])
    func isNotTriedAgain(code: String, close: UInt16) throws {
        let site = SocketSite()
        let browser = try site.open()
        let other = try site.open()
        site.refuse(code, on: "websocket.receive")
        try browser.send(.text("too large"))
        #expect(try browser.frames() == [.close(close, "refused")])
        site.answer(.done, on: "websocket.receive")
        try other.send(.text("hello"))
        browser.leave()
        #expect(
            site.events().map(\.summary) == ["receive 1 too large", "receive 1 hello", "disconnect 1 \(close)"])
        #expect(site.counters.droppedEvents == 1)
    }

    // MARK: One worker for one socket

    @Test("W16") func aSerialSocketWaitsForEachDone() throws {
        let site = SocketSite()
        let browser = try site.open(["accept": true, "serial": true])
        let other = try site.open()
        try browser.send(.text("a"), .text("b"))
        try other.send(.text("x"), .text("y"))
        #expect(site.events().map(\.summary) == ["receive 1 a", "receive 1 x", "receive 2 y"])
        browser.control(["done": 0])
        browser.control(["done": 7])
        #expect(site.events().isEmpty)
        browser.control(["done": 1])
        #expect(site.events().map(\.summary) == ["receive 2 b"])
        browser.leave()
        #expect(site.events().isEmpty && site.calls().contains("CLOSE \(browser.sendChannel)"))
        browser.control(["done": 2])
        #expect(site.events().map(\.summary) == ["disconnect 3 1006"])
        #expect(site.calls() == ["CLOSE \(browser.controlChannel)"])
    }

    @Test("W17") func aDoneThatDoesNotComeIsCounted() throws {
        let site = SocketSite { $0.sockets.wire.silenceTimeout = .seconds(1_000) }
        let browser = try site.open(["accept": true, "serial": true])
        try browser.send(.text("a"), .text("b"))
        site.pass(.milliseconds(29_999))
        #expect(site.events().map(\.summary) == ["receive 1 a"])
        site.pass(.milliseconds(1))
        #expect(site.events().map(\.summary) == ["receive 2 b"] && site.counters.missingDones == 1)
    }

    @Test("W17") func theTimeStandsStillWhileTheOutputIsBlockedButNotBeyondTheEnd() throws {
        let site = SocketSite {
            $0.sockets.wire.maxQueuedMessages = 1
            $0.sockets.wire.blockedTimeout = .seconds(1_000)
        }
        let browser = try site.open(["accept": true, "serial": true])
        try browser.send(.text("a"))
        browser.becomeSlow(true)
        for _ in 0..<3 { browser.hear(["text": "x"]) }
        site.pass(.seconds(100))
        #expect(site.events().map(\.summary) == ["receive 1 a"] && site.counters.missingDones == 0)
        browser.leave()
        site.pass(.seconds(30))
        #expect(site.events().map(\.summary) == ["disconnect 2 1006"])
    }

    @Test("W18") func eventsGoToTheWorkersOwnChannelWhileSomebodyReadsIt() throws {
        let site = SocketSite()
        let browser = try site.open(["accept": true, "receive_channel": "websocket.worker.7!a"])
        try browser.send(.text("a"))
        let first = site.events()
        #expect(first.map(\.channel) == ["websocket.worker.7!a"] && first[0].ifHeard)
        site.refuse("away", on: "websocket.worker.7!a")
        try browser.send(.text("b"), .text("c"))
        let rest = site.events()
        #expect(rest.map(\.channel) == ["websocket.worker.7!a", "websocket.receive", "websocket.receive"])
        #expect(rest.map(\.order) == [2, 2, 3] && rest.map(\.ifHeard) == [true, false, false])
        #expect(site.counters.fallbacks == 1)
        site.answer(.done, on: "websocket.worker.7!a")
        browser.control(["receive_channel": "websocket.worker.7!a"])
        browser.leave()
        #expect(site.events().map(\.channel) == ["websocket.worker.7!a"])
    }

    @Test("W18") func nullGivesTheSocketBack() throws {
        let site = SocketSite()
        let browser = try site.open(["accept": true, "receive_channel": "websocket.worker.7!a"])
        browser.control(["receive_channel": nil])
        try browser.send(.text("a"))
        #expect(site.events().map(\.channel) == ["websocket.receive"])
    }

    @Test("W18") func aFullChannelOfItsOwnIsWaitedFor() throws {
        let site = SocketSite()
        let browser = try site.open(["accept": true, "receive_channel": "websocket.worker.7!a"])
        site.refuse("full", on: "websocket.worker.7!a")
        try browser.send(.text("a"))
        site.pass(.milliseconds(10))
        #expect(site.events().map(\.channel) == ["websocket.worker.7!a", "websocket.worker.7!a"])
        // What it waits for has changed when its turn comes.
        browser.control(["receive_channel": nil])
        site.pass(.seconds(1))
        #expect(site.events().map(\.channel) == ["websocket.receive"])
    }

    @Test("W18") func whatTheBrokerRefusesCloses() throws {
        let site = SocketSite()
        site.refuse("denied", on: "websocket.worker.7!a")
        let browser = try site.open(["accept": true, "receive_channel": "websocket.worker.7!a"])
        try browser.send(.text("a"))
        #expect(try browser.frames() == [.close(1_011, "malformed message")])
        browser.leave()
        #expect(site.events().map(\.channel) == ["websocket.worker.7!a", "websocket.receive", "websocket.disconnect"])
    }

    @Test(
        "W18",
        arguments: [
            "not legal", "websocket.receive", "websocket.receive.b", "http.request", "http.response.k3f9!1", "games.17",
            "websocket.worker.7", "websocket.worker.7!", "websocket.worker.!1", "websocket.worker.7?1",
            "websocket.workers!1", "",
        ])
    func aChannelThatOthersReadIsNotNamed(channel: String) throws {
        let site = SocketSite()
        let refused = try site.ask()
        refused.hear(["accept": true, "receive_channel": .string(channel)])
        #expect(try refused.status() == 502)
        let browser = try site.open()
        _ = site.events()
        browser.control(["receive_channel": .string(channel)])
        try browser.send(.text("a"))
        #expect(try browser.frames() == [.close(1_011, "malformed message")])
        browser.leave()
        #expect(site.events().map(\.channel) == ["websocket.disconnect"])
        #expect(site.log.lines.contains { $0.contains("why=its receive_channel is not of the form") })
    }
}

extension ServerCore {
    /// Whether so many messages of browsers were taken.
    fileprivate func sockets(received count: Int) -> Bool { self.metrics.wire.receivedMessages == count }
}
