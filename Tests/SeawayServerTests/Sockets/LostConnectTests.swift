import SeawayMessage
import SeawayServer
import SeawayTesting
import TestSupport
import Testing

@Suite("What becomes of a connect whose worker is lost (W31)") struct LostConnectTests {
    private static func report(_ why: String, note: String = "connect") -> Message {
        [
            "type": "channel.report", "channel": "websocket.connect", "why": .string(why), "times": 1,
            "note": .string(note),
        ]
    }

    @Test("W31") func anotherWorkerDecidesOnce() throws {
        let site = SocketSite()
        let browser = try site.ask()
        let first = try #require(site.events().first)
        #expect(first.report == ReportTerms(to: browser.controlChannel, patience: 5_000, note: "connect"))
        browser.control(Self.report("lost"))
        let events = site.events()
        #expect(events.map(\.summary) == ["connect 0"] && events.first?.message == first.message)
        #expect(events.first?.report?.times == 1)
        browser.hear(["accept": true, "text": "hi"])
        #expect(try browser.status() == 101)
        #expect(try browser.frames() == [.text("hi")])
        // Too late for both: it is open.
        browser.control(Self.report("lost"))
        try browser.send(.text("a"))
        let receive = site.events()
        #expect(receive.map(\.summary) == ["receive 1 a"] && receive.first?.report == nil && browser.isOpen)
    }

    @Test("W31") func theSecondWorkerIsTheLast() throws {
        let site = SocketSite()
        let browser = try site.ask()
        browser.control(Self.report("lost"))
        browser.control(Self.report("lost"))
        #expect(try browser.status() == 502)
        #expect(site.events().map(\.summary) == ["connect 0", "connect 0", "disconnect 1 1006"])
    }

    @Test("W31") func whatAWorkerGivesUpIs502() throws {
        let site = SocketSite()
        let browser = try site.ask()
        browser.control(Self.report("nak"))
        #expect(try browser.status() == 502)
        #expect(site.events().map(\.summary) == ["connect 0", "disconnect 1 1006"])
    }

    @Test("W31, I72") func whereNobodyListensTheBrowserGets503AndNobodyIsTold() throws {
        let site = SocketSite()
        let browser = try site.ask()
        browser.control(Self.report("away"))
        let answer = try browser.answer()
        #expect(answer.hasPrefix("HTTP/1.1 503 ") && answer.contains("retry-after: 1\r\n"))
        #expect(site.events().map(\.summary) == ["connect 0"])
        #expect(site.server.core.counters.noWorker == 1)
    }

    @Test("W31, I72: without patience") func whereNobodyListensAtAllTheAnswerIsThere() throws {
        let site = SocketSite { $0.noWorkerPatience = .zero }
        site.refuse("away", on: "websocket.connect")
        let browser = try site.ask()
        #expect(try browser.status() == 503)
        #expect(site.events().map(\.ifHeard) == [true])
    }

    /// A browser whose first message is at a worker that has not said `done`.
    private func waiting(_ site: SocketSite) throws -> (browser: Browser, first: Message?) {
        let browser = try site.ask()
        browser.hear(["accept": true, "serial": true])
        #expect(try browser.status() == 101)
        _ = site.events()
        try browser.send(.text("a"))
        let events = site.events()
        #expect(events.map(\.summary) == ["receive 1 a"])
        let report = ReportTerms(to: browser.controlChannel, note: "receive-1")
        #expect(events.first?.report == report)
        return (browser, events.first?.message)
    }

    @Test("W31") func anEventOfALostWorkerIsSentOnceMoreUnderItsOrder() throws {
        let site = SocketSite()
        let (browser, first) = try self.waiting(site)
        browser.control(Self.report("lost", note: "receive-1"))
        let again = site.events()
        #expect(again.map(\.summary) == ["receive 1 a"] && again.first?.message == first)
        #expect(again.first?.report?.times == 1)
        try browser.send(.text("b"))
        #expect(site.events().isEmpty)
        browser.control(["done": 1])
        #expect(site.events().map(\.summary) == ["receive 2 b"])
        // It is over.
        browser.control(Self.report("lost", note: "receive-1"))
        #expect(site.events().isEmpty && browser.isOpen)
    }

    @Test("W31", arguments: ["nak", "tries", "expired", "flushed", "dead", "another"])
    func behindAnEventThatNobodyWillDealWithTheNextOneGoes(why: String) throws {
        let site = SocketSite()
        let (browser, _) = try self.waiting(site)
        try browser.send(.text("b"))
        browser.control(Self.report(why, note: "receive-1"))
        #expect(site.events().map(\.summary) == ["receive 2 b"])
        #expect(site.server.core.counters.sockets.droppedEvents == 1 && browser.isOpen)
    }

    @Test("W31: what is said of something else ends nothing") func anotherNoteIsPassedOver() throws {
        let site = SocketSite()
        let browser = try site.ask()
        browser.control(Self.report("lost", note: "other"))
        #expect(site.events().map(\.summary) == ["connect 0"])
        browser.hear(["accept": true])
        #expect(try browser.status() == 101)
    }
}
