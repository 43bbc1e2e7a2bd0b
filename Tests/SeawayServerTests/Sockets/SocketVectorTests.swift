import SeawayMessage
import SeawayServer
import SeawayTesting
import SeawayWire
import TestSupport
import Testing

@Suite struct SocketVectorTests {
    @Test(arguments: try Vectors.load("sockets.json", as: SocketVector.self))
    func socketsDoAsTheVectorSays(vector: SocketVector) throws {
        try SocketVectorRunner(vector).run(vector)
    }
}

/// Plays a vector's browsers, workers and layer.
private final class SocketVectorRunner {
    private let site: SocketSite
    private var browsers: [String: Browser] = [:]
    private var isLeft: Flag?

    init(_ vector: SocketVector) throws {
        var routes: [String] = []
        var origins = OriginCheck()
        var fallback = OutboxPolicy.wait
        var receiveChannels: [String] = []
        for (name, option) in vector.options ?? [:] {
            switch name {
            case "websocket-route": routes = option.list
            case "allow-origin": origins = try OriginCheck(option.list)
            case "websocket-receive-channel": receiveChannels = option.list
            case "websocket-overflow": fallback = try #require(OutboxPolicy(rawValue: option.text))
            default: break
            }
        }
        let table = try Routes(routes, fallback: SocketRoute(channel: "websocket.connect", overflow: fallback))
        self.site = SocketSite { configuration in
            configuration.sockets.routes = table
            configuration.sockets.origins = origins
            configuration.sockets.receiveChannels = ReceiveChannels(receiveChannels.compactMap { Pattern($0) })
            for (name, option) in vector.options ?? [:] { Self.set(name, option.number, &configuration.sockets) }
        }
    }

    private static func set(_ name: String, _ number: Int, _ sockets: inout SocketConfiguration) {
        let time = Duration.milliseconds(number)
        switch name {
        case "websocket-connect-timeout": sockets.connectTimeout = time
        case "max-sockets-per-address": sockets.maxPerAddress = number
        case "max-waiting-disconnects": sockets.maxWaitingDisconnects = number
        case "websocket-max-waiting": sockets.events.messages = number
        case "overload-grace": sockets.events.overloadGrace = time
        case "websocket-done-timeout": sockets.events.doneTimeout = time
        case "websocket-max-unsent-messages": sockets.wire.maxQueuedMessages = number
        case "websocket-stall-timeout": sockets.wire.blockedTimeout = time
        case "websocket-max-message": sockets.wire.maxMessage = number
        case "websocket-max-rate": sockets.wire.maxMessagesPerSecond = number
        case "websocket-ping-interval": sockets.wire.pingInterval = time
        case "websocket-ping-timeout": sockets.wire.silenceTimeout = time
        case "websocket-close-timeout": sockets.wire.closeTimeout = time
        case "websocket-route", "allow-origin", "websocket-overflow", "websocket-receive-channel": break
        default: Issue.record("no option \(name)")
        }
    }

    func run(_ vector: SocketVector) throws {
        for (number, step) in vector.steps.enumerated() {
            try self.play(step, "\(vector.id), step \(number + 1): \(vector.why)")
        }
        #expect(self.site.events().map(\.summary) == [], "\(vector.id): events that no step has read")
        for (name, browser) in self.browsers {
            #expect(try browser.frames() == [], "\(vector.id): \(name) got what no step has read")
        }
    }

    private func play(_ step: SocketVector.Step, _ comment: Comment) throws {
        for name in step.on?.all ?? ["a"] { try self.browse(step, name, comment) }
        try self.work(step)
        for (channel, answer) in step.layer ?? [:] { self.site.answer(Self.answer(answer), on: channel) }
        if let release = step.release {
            self.site.layer.answerHeld(Self.answer(release) ?? .unknown)
            self.site.server.run()
        }
        if let word = step.closing {
            self.site.layer.holdClosed(word == "hold")
            self.site.server.run()
        }
        if let time = step.advance { self.advance(time) }
        if let kind = step.lost {
            self.site.layer.happen(.lost(name: kind), to: kind)
            self.site.server.run()
        }
        if step.weakened == true {
            self.site.layer.happen(.weakened, to: "websocket.send")
            self.site.server.run()
        }
        if step.shutdown == true { self.isLeft = Flag(self.site.server.core.drain()) }
        if step.shutdown == false { #expect(self.isLeft?.isSet == true, comment) }
        try self.compare(step, comment)
    }

    private func browse(_ step: SocketVector.Step, _ name: String, _ comment: Comment) throws {
        if let target = step.upgrade {
            let fields = (step.fields ?? []).map { $0.joined(separator: ": ") + "\r\n" }.joined()
            self.browsers[name] = try self.site.ask(
                target, fields, from: step.from ?? "192.0.2.7", behind: step.behind?.client.bytes ?? [])
        }
        guard let browser = self.browsers[name] else { return }
        if let status = step.status {
            let answer = try browser.answer()
            #expect(Int(answer.dropFirst(9).prefix(3)) ?? 0 == status, comment)
            for field in step.upgrade == nil ? step.fields ?? [] : [] {
                #expect(answer.contains(field.joined(separator: ": ") + "\r\n"), comment)
            }
        }
        if let frame = step.frame { for _ in 0..<(frame.many ?? 1) { try browser.send(frame.client) } }
        if let isSlow = step.stall { browser.becomeSlow(isSlow) }
        if let takes = step.takes { self.site.takes(takes, of: browser) }
        if step.drop == true { browser.leave() }
        if let frames = step.frames { #expect(try browser.frames() == frames.map(\.server), comment) }
        if let isClosed = step.closed { #expect(browser.isOpen != isClosed, comment) }
    }

    /// What workers send: one message for all browsers that the step names.
    private func work(_ step: SocketVector.Step) throws {
        let browsers = (step.on?.all ?? ["a"]).compactMap { self.browsers[$0] }
        if let message = step.send?.message {
            let channels = step.to?.map(self.named) ?? browsers.map(\.sendChannel)
            self.site.deliver(message, to: channels, group: step.group)
        }
        if let message = step.control?.message {
            let channels = step.to?.map(self.named) ?? browsers.map(\.controlChannel)
            self.site.deliver(message, to: channels, group: step.group)
        }
    }

    /// In steps as short as those in which a server looks around.
    private func advance(_ milliseconds: Int) {
        var left = milliseconds
        while left > 0 {
            self.site.pass(.milliseconds(min(left, 250)))
            left -= 250
        }
    }

    private static func answer(_ word: String) -> SendAnswer? {
        switch word {
        case "ok": .done
        case "hold": nil
        case "unknown": .unknown
        default: .refused(Refusal(code: word))
        }
    }

    private func compare(_ step: SocketVector.Step, _ comment: Comment) throws {
        if let expected = step.events {
            let events = self.site.events()
            #expect(events.count == expected.count, comment)
            for (event, map) in zip(events, expected) { self.compare(event, map.message, comment) }
        }
        if let calls = step.calls { #expect(self.site.calls() == calls.map(self.named), comment) }
        for (name, value) in step.counters ?? [:] {
            #expect(self.counter(name) == value, "\(name), \(comment)")
        }
    }

    private func compare(_ event: FakeLayer.Sent, _ expected: Message, _ comment: Comment) {
        #expect(event.ifHeard == (expected["here"]?.bool ?? false), comment)
        for (field, value) in expected {
            switch field {
            case "to": #expect(event.channel == value.string, comment)
            case "here": break
            case "stream": #expect(event.stream == value.string.map(self.named), comment)
            default: self.compare(event.message[field], value, comment)
            }
        }
    }

    private func compare(_ found: Value?, _ expected: Value, _ comment: Comment) {
        switch expected {
        case .null: #expect(found == nil, comment)
        case .string(let text) where found?.string == nil: #expect(found?.bytes == Array(text.utf8), comment)
        case .string(let text): #expect(found?.string == self.named(text), comment)
        default: #expect(found == expected, comment)
        }
    }

    /// The text with the channels of browsers in the place of `$a.send` and `$a.control`, and their parts in the place
    /// of `$a.n`, `$send!` and `$control!`.
    private func named(_ text: String) -> String {
        var text = text
        for (name, browser) in self.browsers {
            text = text.replacing("$send!", with: browser.sendChannel.prefix { $0 != "!" } + "!")
            text = text.replacing("$control!", with: browser.controlChannel.prefix { $0 != "!" } + "!")
            text = text.replacing("$\(name).n", with: browser.sendChannel.drop { $0 != "!" }.dropFirst())
            text = text.replacing("$\(name).send", with: browser.sendChannel)
            text = text.replacing("$\(name).control", with: browser.controlChannel)
        }
        return text
    }

    /// Of `websocket_refused_total origin`: the family without its prefix, and the reason.
    private func counter(_ text: String) -> Int? {
        let words = text.split(separator: " ").map(String.init)
        let family = self.site.server.core.metrics.all.first { $0.name == "seaway_\(words[0])" }
        return family?.samples.first { $0.reason == words.dropFirst().first }?.value.integer
    }
}
