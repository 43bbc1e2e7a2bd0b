import SeawayMessage
import SeawayServer
import Testing

/// What an operator reads when a browser meets a limit (W22).
@Suite("Limits have names in the log") struct LimitLogTests {
    @Test func pagesOfOtherSites() throws {
        let site = SocketSite { $0.sockets.origins = (try? OriginCheck(["https://example.org"])) ?? OriginCheck() }
        _ = try site.ask("/", "origin: https://evil.net\r\n")
        #expect(site.log.lines == ["WebSocket refused client=192.0.2.7 why=origin"])
    }

    @Test func socketsOfOneAddress() throws {
        let site = SocketSite { $0.sockets.maxPerAddress = 1 }
        _ = try site.open()
        _ = try site.ask()
        #expect(site.log.lines == ["WebSocket refused client=192.0.2.7 why=too many of one address"])
    }

    @Test(arguments: [
        ("frame too big", [ClientFrame.text("abcdefghi")]),
        ("message too big", [.text("abcdef", isFinal: false), .more("ghijklm", isFinal: false)]),
        ("too many messages", [.text("a"), .text("b"), .text("c")]),
        ("reserved opcode", [ClientFrame(opcode: 3, payload: [])]),
    ])
    func whatABrowserSends(why: String, frames: [ClientFrame]) throws {
        let site = SocketSite {
            $0.sockets.wire.maxFrame = 8
            $0.sockets.wire.maxMessage = 12
            $0.sockets.wire.maxMessagesPerSecond = 2
        }
        let browser = try site.open()
        for frame in frames { try browser.send(frame) }
        #expect(
            site.log.lines == ["WebSocket closed channel=websocket.connect client=192.0.2.7 why=\(why)"])
    }

    @Test func aBrowserThatReadsTooSlowly() throws {
        let site = SocketSite { $0.sockets.wire.maxQueuedMessages = 1 }
        let browser = try site.open()
        browser.becomeSlow(true)
        for _ in 0..<3 { browser.hear(["text": "news"]) }
        site.pass(.seconds(31))
        #expect(site.log.lines == ["WebSocket closed channel=websocket.connect client=192.0.2.7 why=too slow"])
    }

    @Test func aBrowserWhoseEventsFindNoRoom() throws {
        let site = SocketSite()
        let browser = try site.open()
        site.refuse("full", on: "websocket.receive")
        try browser.send(.text("a"))
        site.pass(.seconds(11))
        #expect(site.log.lines == ["WebSocket closed channel=websocket.connect client=192.0.2.7 why=overloaded"])
    }

    /// It is no limit, but the same people wonder.
    @Test func aMessageThatSaysNothingToASocket() throws {
        let site = SocketSite()
        let browser = try site.open()
        browser.hear(["title": "news"])
        #expect(
            site.log.lines == [
                "malformed message for a WebSocket channel=\(browser.sendChannel) "
                    + "why=a message for a socket needs text or bytes; this one has title"
            ])
        #expect(try browser.frames() == [.close(1_011, "malformed message")])
    }

    @Test func oneThatCameThroughAGroupIsNamedOnceForAllItsMembers() throws {
        let site = SocketSite()
        let browsers = try (0..<3).map { _ in try site.open() }
        site.deliver(["title": "news"], to: browsers.map(\.sendChannel), group: "liveblog")
        site.deliver(["title": "more"], to: browsers.map(\.sendChannel), group: "liveblog")
        #expect(
            site.log.lines == [
                "malformed message for WebSockets group=liveblog "
                    + "why=a message for a socket needs text or bytes; this one has title"
            ])
        #expect(site.counters.malformed == 6)
        for browser in browsers { #expect(try browser.frames() == [] && browser.isOpen) }
    }

    /// The counters have the rest.
    @Test func anAttackDoesNotFillTheLog() throws {
        let site = SocketSite { $0.sockets.maxPerAddress = 1 }
        _ = try site.open()
        for _ in 0..<1_000 { _ = try site.ask() }
        #expect(site.log.lines.count == 1 && site.counters.tooMany == 1_000)
    }
}
