import NIOCore
import SeawayMessage
import SeawayServer
import SeawayTesting
import SeawayWire
import TestSupport
import Testing

@Suite("How a WebSocket begins (W1 to W3, W7 to W9, W22)") struct HandshakeRuleTests {
    @Test("W1, W3") func aWorkerIsToldAllOfTheRequest() throws {
        let site = SocketSite()
        let browser = try site.ask(
            "/live?x=1", "sec-websocket-protocol: a, b\r\norigin: https://x.org\r\ncookie: c\r\n")
        let events = site.events()
        #expect(events.map(\.channel) == ["websocket.connect"] && events.first?.ifHeard == false)
        let connect = events.first?.message ?? [:]
        #expect(connect["type"] == "websocket.connect" && connect["order"] == 0 && connect["scheme"] == "ws")
        #expect(connect["path"] == "/live" && connect["query_string"]?.bytes == Array("x=1".utf8))
        #expect(connect["subprotocols"] == ["a", "b"] && connect["http_version"] == "1.1")
        let names = connect["headers"]?.list?.compactMap {
            $0.list?.first?.bytes.map { String(decoding: $0, as: UTF8.self) }
        }
        #expect(names == ["host", "sec-websocket-protocol", "origin", "cookie"])
        #expect(
            browser.sendChannel.hasPrefix("websocket.send.") && browser.controlChannel.hasPrefix("websocket.control."))
        let parts = [browser.sendChannel, browser.controlChannel].map { $0.split(separator: ".") }
        // Who knows one of the two does not know the other.
        #expect(parts[0][2] == parts[1][2] && parts[0][3] != parts[1][3])
    }

    @Test("W7") func acceptedWithFieldsAndASubprotocol() throws {
        let site = SocketSite()
        let browser = try site.ask("/live", "sec-websocket-protocol: a, b\r\n")
        browser.hear(["accept": true, "subprotocol": "b", "headers": [["x-room", "7"]], "text": "welcome"])
        let answer = try browser.answer()
        #expect(answer.hasPrefix("HTTP/1.1 101 "))
        for field in ["sec-websocket-protocol: b\r\n", "x-room: 7\r\n", "upgrade: websocket\r\n"] {
            #expect(answer.contains(field))
        }
        #expect(try browser.frames() == [.text("welcome")])
        #expect(site.counters.accepted == 1)
    }

    @Test("W7") func refusedWithAPage() throws {
        let site = SocketSite()
        let browser = try site.ask()
        browser.hear(["accept": false, "status": 404, "headers": [["x-why", "gone"]], "content": "no such room\n"])
        let answer = try browser.answer()
        #expect(answer.hasPrefix("HTTP/1.1 404 ") && answer.contains("x-why: gone\r\n"))
        #expect(answer.hasSuffix("\r\n\r\nno such room\n"))
        #expect(site.events().map(\.summary) == ["connect 0", "disconnect 1 1006"])
        #expect(site.calls().contains("CLOSE \(browser.sendChannel) \(browser.controlChannel)"))
        #expect(!browser.isOpen)
    }

    @Test(
        "W8",
        arguments: [
            ["accept": true, "subprotocol": "never-offered"], ["text": "a", "bytes": "b"], [:], ["accept": "yes"],
            ["accept": true, "headers": [["bad name", "x"]]], ["accept": false, "status": 99],
            ["accept": true, "close": 1_005],
        ] as [Message])
    func aMalformedAnswerIs502(message: Message) throws {
        let site = SocketSite()
        let browser = try site.ask()
        browser.hear(message)
        #expect(try browser.status() == 502)
        #expect(site.events().map(\.summary) == ["connect 0", "disconnect 1 1006"])
        #expect(!browser.isOpen)
    }

    @Test("W7, W19") func fieldsOfTheHandshakeAreTheServersOwn() throws {
        let site = SocketSite()
        let browser = try site.ask("/live", "sec-websocket-protocol: a, b\r\n")
        let names = [
            "Upgrade", "connection", "Sec-WebSocket-Accept", "sec-websocket-protocol", "Sec-WebSocket-Extensions",
            "SEC-WEBSOCKET-VERSION", "content-length", "transfer-encoding", "keep-alive", "x-mine",
        ]
        browser.hear([
            "accept": true, "subprotocol": "b",
            "headers": .list(names.map { .list([.string($0), "evil"]) }),
        ])
        let answer = try browser.answer().lowercased()
        #expect(answer.hasPrefix("http/1.1 101 ") && answer.contains("x-mine: evil\r\n"))
        #expect(answer.components(of: "evil") == 1)
        for field in ["upgrade: websocket\r\n", "connection: upgrade\r\n", "sec-websocket-protocol: b\r\n"] {
            #expect(answer.components(of: field) == 1)
        }
        #expect(answer.components(of: "sec-websocket-accept:") == 1)
    }

    @Test("W7") func noSubprotocolComesInByTheFields() throws {
        let site = SocketSite()
        let browser = try site.ask()
        browser.hear(["accept": true, "headers": [["sec-websocket-protocol", "evil"]]])
        let answer = try browser.answer()
        #expect(answer.hasPrefix("HTTP/1.1 101 ") && !answer.contains("sec-websocket-protocol"))
    }

    /// That nobody answers is no refusal: the browser may try again.
    @Test("W8") func noAnswerInTimeIs503() throws {
        let site = SocketSite()
        let browser = try site.ask()
        site.pass(.milliseconds(4_999))
        #expect(try browser.status() == 0)
        site.pass(.milliseconds(1))
        let answer = try browser.answer()
        #expect(answer.hasPrefix("HTTP/1.1 503 ") && answer.contains("retry-after: 1\r\n"))
        #expect(site.counters.notAccepted == 1 && site.counters.refused == 0)
        #expect(site.log.lines == ["WebSocket refused channel=websocket.connect why=no worker has answered"])
        #expect(site.events().map(\.summary) == ["connect 0", "disconnect 1 1006"])
        // An answer that comes too late ends what is stale.
        _ = site.calls()
        browser.hear(["accept": true])
        #expect(site.calls() == ["CLOSE \(browser.sendChannel)"] && site.counters.late == 1)
    }

    @Test("I33") func anUpgradeThatMayBeLostWithItsBrokerIs503() throws {
        let site = SocketSite()
        let browser = try site.ask()
        let other = try site.ask()
        other.hear(["accept": true])
        site.layer.happen(.forsaken(Carrier()), to: "http.response")
        site.server.run()
        let answer = try browser.answer()
        #expect(answer.hasPrefix("HTTP/1.1 503 ") && answer.contains("retry-after: 1\r\n"))
        #expect(!browser.isOpen && other.isOpen)
        // A worker may have it all the same.
        #expect(site.events().map(\.summary) == ["connect 0", "connect 0", "disconnect 1 1006"])
    }

    /// A worker that closes what it has not accepted has refused it.
    @Test("W7, W14") func aCloseByTheControlChannelBeforeTheHandshakeIs403() throws {
        let site = SocketSite()
        let browser = try site.ask()
        browser.control(["close": 4_000])
        #expect(try browser.status() == 403)
        #expect(site.counters.refused == 1 && site.counters.notAccepted == 0)
        #expect(site.events().map(\.summary) == ["connect 0", "disconnect 1 1006"])
    }

    @Test("W5, W8", arguments: ["full", "unreachable", "closing", "denied"])
    func aConnectThatCannotBeStoredIs503AndNobodyIsToldOfItsEnd(code: String) throws {
        let site = SocketSite()
        site.refuse(code, on: "websocket.connect")
        let browser = try site.ask()
        let answer = try browser.answer()
        #expect(answer.hasPrefix("HTTP/1.1 503 ") && answer.contains("retry-after: 1\r\n"))
        #expect(site.events().map(\.channel) == ["websocket.connect"])
        #expect(site.counters.droppedDisconnects == 0)
    }

    @Test("W5") func aConnectOfUnknownFateIsFollowedByADisconnect() throws {
        let site = SocketSite()
        site.answer(.unknown, on: "websocket.connect")
        let browser = try site.ask()
        #expect(try browser.status() == 503)
        #expect(site.events().map(\.summary) == ["connect 0", "disconnect 1 1006"])
    }

    @Test("W5", arguments: [true, false])
    func aBrowserThatLeavesBeforeTheConnectIsAnswered(isStored: Bool) throws {
        let site = SocketSite()
        site.answer(nil, on: "websocket.connect")
        let browser = try site.ask()
        browser.leave()
        #expect(site.events().map(\.summary) == ["connect 0"])
        site.layer.answerHeld(isStored ? .done : .refused(Refusal(code: "full")))
        site.server.run()
        #expect(site.events().map(\.summary) == (isStored ? ["disconnect 1 1006"] : []))
    }

    @Test("W8") func aConnectDoesNotStandInLine() throws {
        let site = SocketSite {
            $0.sockets.receiveChannels = ReceiveChannels([Pattern("websocket.connect")].compactMap(\.self))
        }
        let first = try site.open(["accept": true, "receive_channel": "websocket.connect"])
        site.refuse("full", on: "websocket.connect")
        try first.send(.text("waits"))
        #expect(try site.ask().status() == 503)
        #expect(site.events().map(\.summary) == ["receive 1 waits", "connect 0"])
    }

    @Test("W9") func aGroupNeverAccepts() throws {
        let site = SocketSite()
        let browser = try site.ask()
        for message in [["text": "news"], ["close": 4_000], ["accept": true], ["nonsense": 1]] as [Message] {
            browser.hear(message, group: "all")
        }
        #expect(try browser.status() == 0 && site.counters.early == 4)
        browser.hear(["accept": true])
        #expect(try browser.status() == 101)
        browser.hear(["text": "more news"], group: "all")
        #expect(try browser.frames() == [.text("more news")])
    }

    @Test("W22") func pagesOfOtherSites() throws {
        let site = SocketSite { $0.sockets.origins = (try? OriginCheck(["https://example.org"])) ?? OriginCheck() }
        #expect(try site.ask("/", "origin: https://evil.net\r\n").status() == 403)
        #expect(site.events().isEmpty && site.counters.refusedOrigins == 1)
        _ = try site.ask("/", "origin: https://example.org\r\n")
        _ = try site.ask("/")
        #expect(site.events().count == 2)
    }

    @Test("W22") func socketsOfOneAddress() throws {
        let site = SocketSite { $0.sockets.maxPerAddress = 2 }
        let first = try site.open()
        _ = try site.open()
        #expect(try site.ask().status() == 429 && site.counters.tooMany == 1)
        _ = try site.ask(from: "192.0.2.8")
        #expect(site.events().map(\.summary) == ["connect 0"])
        first.leave()
        _ = site.events()
        _ = try site.ask()
        #expect(site.events().map(\.summary) == ["connect 0"])
    }

    @Test("W19") func whatIsNoHandshakeIsAskedOfNobody() throws {
        let site = SocketSite()
        let connection = try site.server.connect()
        try connection.get("/", "upgrade: websocket\r\nconnection: upgrade\r\nsec-websocket-version: 8\r\n")
        let answer = try connection.output()
        #expect(answer.hasPrefix("HTTP/1.1 426 ") && answer.contains("sec-websocket-version: 13\r\n"))
        #expect(site.events().isEmpty)
    }

    @Test func bytesBehindTheUpgradeAreKept() throws {
        let site = SocketSite()
        let browser = try site.ask(behind: ClientFrame.text("at once").bytes)
        #expect(site.events().map(\.summary) == ["connect 0"])
        browser.hear(["accept": true])
        #expect(try browser.status() == 101)
        #expect(site.events().map(\.summary) == ["receive 1 at once"])
    }

    @Test func anUpgradeBehindARequestWaitsForItsAnswer() throws {
        let site = SocketSite()
        let browser = Browser(site: site, connection: try site.server.connect())
        try browser.connection.get("/moon")
        try browser.ask("/live", behind: ClientFrame.text("hello").bytes)
        #expect(site.events().map(\.channel) == ["http.request"])
        let reply = site.layer.replyChannel(0) ?? ""
        site.deliver(["status": 200, "content": "moon"], to: [reply])
        browser.findChannels()
        #expect(site.events().map(\.summary) == ["connect 0"])
        browser.hear(["accept": true])
        let answers = [try browser.answer(), try browser.answer()]
        #expect(answers[0].hasSuffix("\r\n\r\nmoon") && answers[1].hasPrefix("HTTP/1.1 101 "))
        #expect(site.events().map(\.summary) == ["receive 1 hello"])
    }

    @Test("W23") func nobodyIsAskedWhileTheServerLeaves() throws {
        let site = SocketSite()
        let browser = Browser(site: site, connection: try site.server.connect())
        try browser.connection.get("/moon")
        try browser.ask("/live")
        let left = site.server.core.drain()
        let isLeft = Flag(left)
        site.deliver(["status": 200, "content": "moon"], to: [site.layer.replyChannel(0) ?? ""])
        let answers = [try browser.answer(), try browser.answer()]
        #expect(answers[0].hasSuffix("moon") && answers[1].hasPrefix("HTTP/1.1 503 "))
        #expect(!site.events().contains { $0.channel == "websocket.connect" })
        #expect(!browser.isOpen && isLeft.isSet)
    }

    @Test func aWorkerThatAnswersAtOnceIsHeard() throws {
        let site = SocketSite(worker: { layer, sent in
            guard let reply = sent.message["reply_channel"]?.string else { return }
            switch sent.message["type"]?.string {
            case "websocket.connect": layer.deliver(["accept": true], to: [reply])
            case "websocket.receive": layer.deliver(["text": sent.message["text"] ?? ""], to: [reply])
            default: break
            }
        })
        let browser = try site.ask(behind: ClientFrame.text("one").bytes + ClientFrame.text("two").bytes)
        #expect(try browser.status() == 101)
        #expect(try browser.frames() == [.text("one"), .text("two")])
        try browser.send(.text("three"))
        #expect(try browser.frames() == [.text("three")])
        #expect(site.events().compactMap(\.order) == [0, 1, 2, 3])
    }
}

/// Whether a future has come true; all on the test's thread.
final class Flag {
    private(set) var isSet = false
    init(_ future: EventLoopFuture<Void>) { future.assumeIsolated().whenSuccess { self.isSet = true } }
}

extension String {
    /// How often another stands in it.
    fileprivate func components(of other: String) -> Int { self.ranges(of: other).count }
}
