import SeawayMessage
import SeawayServer
import SeawayTesting
import TestSupport
import Testing

/// Browsers, workers, layer and time in any order, many times (W5, W6, W12, W15 to W18, W23).
@Suite struct SocketRandomTests {
    @Test(arguments: 0..<120 as Range<UInt64>)
    func everySocketEndsOnceAndInOrder(seed: UInt64) throws {
        let life = Life(seed: seed)
        for _ in 0..<250 { try life.step() }
        try life.end()
        life.check()
    }

    private final class Life {
        private var random: SeededGenerator
        private let site: SocketSite
        private var browsers: [Browser] = []
        private let channels = [
            "websocket.connect", "websocket.receive", "websocket.disconnect", "websocket.worker.own!1",
            "websocket.worker.own!2",
        ]

        init(seed: UInt64) {
            self.random = SeededGenerator(seed: seed)
            self.site = SocketSite { configuration in
                configuration.sockets.wire.maxQueuedMessages = 4
                configuration.sockets.wire.silenceTimeout = .seconds(100_000)
                configuration.sockets.wire.pingInterval = .seconds(100_000)
            }
        }

        private func number(_ range: Range<Int>) -> Int { Int.random(in: range, using: &self.random) }
        private var anyone: Browser? { self.browsers.randomElement(using: &self.random) }

        func step() throws {
            switch self.number(0..<20) {
            case 0...1 where self.browsers.count < 12:
                self.browsers.append(
                    try self.site.ask(behind: self.number(0..<3) == 0 ? ClientFrame.text("behind").bytes : []))
            case 2...4: self.anyone.map { self.decide($0) }
            case 5...8: try self.anyone?.send(.text("\(self.number(0..<100))"))
            case 9: self.anyone.map { self.say($0) }
            case 10: self.anyone.map { self.control($0) }
            case 11: try self.browserEnds()
            case 12: self.anyone?.becomeSlow(self.number(0..<2) == 0)
            case 13...14: self.site.pass(.milliseconds([10, 100, 250, 1_000, 11_000, 31_000][self.number(0..<6)]))
            case 15...16: self.changeLayer()
            case 17...18: self.release()
            default: self.speakToAll()
            }
            self.checkUnanswered()
        }

        private func decide(_ browser: Browser) {
            if browser.sendChannel.isEmpty { browser.findChannels() }
            let answers: [Message] = [
                ["accept": true], ["accept": true, "serial": true],
                ["accept": true, "receive_channel": "websocket.worker.own!1"],
                ["accept": true, "serial": true, "receive_channel": "websocket.worker.own!2"], ["text": "hi"],
                ["accept": false],
                ["close": true], ["nonsense": 1], ["accept": true, "close": 4_000],
            ]
            browser.hear(answers[self.number(0..<answers.count)])
        }

        private func say(_ browser: Browser) {
            for _ in 0..<self.number(1..<8) { browser.hear(["text": "x"]) }
            if self.number(0..<10) == 0 { browser.hear(["close": 4_000]) }
            if self.number(0..<20) == 0 { browser.hear(["text": 1]) }
        }

        private func control(_ browser: Browser) {
            let done = Int64(self.number(0..<6))
            let messages: [Message] = [
                ["done": .int(done)], ["done": .int(done)], ["done": .int(done)],
                ["receive_channel": "websocket.worker.own!1"],
                ["receive_channel": "websocket.worker.own!2", "done": .int(done)], ["receive_channel": nil],
                ["close": 4_001],
            ]
            browser.control(messages[self.number(0..<messages.count)])
        }

        private func browserEnds() throws {
            guard self.number(0..<2) == 0, let browser = self.anyone else { return }
            if browser.isOpen, self.number(0..<2) == 0 { try browser.send(.close(1_000)) } else { browser.leave() }
            self.browsers.removeAll { $0 === browser && !$0.isOpen }
        }

        private func changeLayer() {
            let channel = self.channels[self.number(0..<self.channels.count)]
            let codes = ["full", "unreachable", channel.hasPrefix("websocket.worker.") ? "away" : "full"]
            switch self.number(0..<4) {
            case 0: self.site.refuse(codes[self.number(0..<3)], on: channel)
            case 1: self.site.answer(self.number(0..<3) == 0 ? .unknown : nil, on: channel)
            default: self.site.answer(.done, on: channel)
            }
        }

        private func release() {
            let answers: [SendAnswer] = [.done, .done, .refused(Refusal(code: "full")), .unknown]
            self.site.layer.answerHeld(answers[self.number(0..<answers.count)])
            self.site.server.run()
        }

        private func speakToAll() {
            let channels = self.browsers.map(\.sendChannel).filter { !$0.isEmpty }
            guard !channels.isEmpty else { return }
            self.site.deliver(["text": "news"], to: channels, group: "all")
        }

        /// Everybody leaves, the layer takes everything, and time passes.
        func end() throws {
            let isLeft = Flag(self.site.server.core.drain())
            for channel in self.channels { self.site.answer(.done, on: channel) }
            for browser in self.browsers { browser.leave() }
            for _ in 0..<10 {
                self.site.layer.answerHeld(.done)
                self.site.server.run()
                for _ in 0..<12 { self.site.pass(.seconds(1)) }
                for _ in 0..<4 { self.site.pass(.seconds(10)) }
            }
            #expect(isLeft.isSet, "something is left")
        }

        private func events() -> [String: [(sent: FakeLayer.Sent, answer: SendAnswer?)]] {
            let answers = self.site.layer.answers
            let all = self.site.layer.sent.enumerated().map { (sent: $0.element, answer: answers[$0.offset]) }
            return Dictionary(grouping: all) { $0.sent.message["reply_channel"]?.string ?? "" }
        }

        private func checkUnanswered() {
            for (channel, events) in self.events() {
                let open = events.count { $0.answer == nil }
                if open > 1 { Issue.record("\(channel) has \(open) unanswered events") }
            }
        }

        func check() {
            for (channel, events) in self.events() {
                let stored = events.filter { $0.answer == .done || $0.answer == .unknown }.map(\.sent)
                let types = events.map { $0.sent.message["type"]?.string ?? "" }
                guard !stored.isEmpty else {
                    if types != ["websocket.connect"] { Issue.record("\(channel): \(types) though nothing was stored") }
                    continue
                }
                let orders = stored.compactMap(\.order)
                if orders != (0..<Int64(stored.count)).map({ $0 }) { Issue.record("\(channel): orders \(orders)") }
                let ends = stored.indices.filter { stored[$0].message["type"] == "websocket.disconnect" }
                if ends != [stored.count - 1] { Issue.record("\(channel): disconnects at \(ends) of \(stored.count)") }
                if stored.first?.message["type"] != "websocket.connect" { Issue.record("\(channel): no connect") }
                self.checkClosed(channel, stored[0].message["control_channel"]?.string ?? "")
            }
            #expect(self.site.counters.droppedDisconnects == 0)
        }

        /// Both channels of a socket that is over are closed (W12).
        private func checkClosed(_ channel: String, _ control: String) {
            let closed = self.site.layer.closed
            if !closed.contains(channel) { Issue.record("\(channel) was not closed") }
            if !closed.contains(control) { Issue.record("\(control) was not closed") }
        }
    }
}
