import SeawayHub
import SeawayWire
import TestSupport
import Testing

/// What the vectors cannot show: that records, alarms and memory go as they came.
@Suite struct HubTests {
    private func name(_ text: String) -> Name { Name(checked: Array(text.utf8)) }

    private func send(_ hub: Hub, _ channel: String, size: Int = 10, now: Int = 0) -> SendOutcome {
        let bytes = Array(channel.utf8)
        guard let form = NameForm(bytes.span) else { return .refused(.name) }
        return hub.send(to: bytes.span, form, ifHeard: false, body: 0, size: size, now: now)
    }

    @Test func whatIsHandedOverAtOnceIsNotHeld() throws {
        let hub = Hub(configuration: HubConfiguration())
        let reader = hub.connect()
        _ = try hub.listen(reader, [self.name("a")], wantsMembers: false, now: 0)
        hub.ready(reader, 1, nil)
        let before = hub.memory
        #expect(self.send(hub, "a") == .handed(reader))
        #expect(hub.memory == before)
        #expect(self.send(hub, "a") == .stored)
        #expect(hub.memory > before)
    }

    @Test func memoryIsGivenBackToTheLastByte() throws {
        let hub = Hub(configuration: HubConfiguration())
        let reader = hub.connect()
        _ = try hub.listen(reader, [self.name("web.1!"), self.name("a"), self.name("p?1")], wantsMembers: true, now: 0)
        try hub.join(self.name("g"), [self.name("web.1!7"), self.name("a"), self.name("p?1")], now: 0)
        try hub.pause(reader, self.name("web.1!8"))
        hub.ready(reader, 5, self.name("a"))
        #expect(self.send(hub, "web.1!7") == .stored)
        #expect(self.send(hub, "other") == .stored)
        hub.leave(self.name("g"), [self.name("a"), self.name("p?1")])
        hub.disconnect(reader, endMailboxes: true, now: 0)
        hub.wake(now: 60_000)
        #expect(hub.queuedMessages == 0)
        #expect(hub.totals == Hub(configuration: HubConfiguration()).totals)
        #expect(hub.memory == 0)
    }

    @Test func alarmsDoNotPileUpBehindChannelsThatComeAndGo() {
        let hub = Hub(configuration: HubConfiguration())
        for number in 0..<10_000 {
            #expect(self.send(hub, "x!\(number)") == .stored)
            _ = hub.flush(nil)
        }
        #expect(hub.alarmCount <= 100)
        #expect(hub.memory == 0)
    }

    @Test func aListenerThatGetsCreditIsFoundAgain() throws {
        let hub = Hub(configuration: HubConfiguration())
        let readers = (0..<3).map { _ in hub.connect() }
        for reader in readers { _ = try hub.listen(reader, [self.name("a")], wantsMembers: false, now: 0) }
        #expect(self.send(hub, "a") == .stored)
        hub.ready(readers[2], 2, nil)
        #expect(hub.next(for: readers[2], now: 0)?.names == [self.name("a")])
        #expect(self.send(hub, "a") == .handed(readers[2]))
        #expect(self.send(hub, "a") == .stored)
    }

    @Test func aBlockedListenerIsPassedOverUntilItReadsAgain() throws {
        let hub = Hub(configuration: HubConfiguration())
        let reader = hub.connect()
        _ = try hub.listen(reader, [self.name("a")], wantsMembers: false, now: 0)
        hub.ready(reader, 9, self.name("a"))
        hub.setBlocked(reader, true)
        #expect(self.send(hub, "a") == .stored)
        #expect(hub.next(for: reader, now: 0) == nil)
        hub.setBlocked(reader, false)
        #expect(hub.next(for: reader, now: 0)?.names == [self.name("a")])
    }

    @Test func theOldestClosedChannelIsForgottenFirst() throws {
        var configuration = HubConfiguration()
        configuration.maxClosed = 2
        let hub = Hub(configuration: configuration)
        let reader = hub.connect()
        _ = try hub.listen(reader, [self.name("x!")], wantsMembers: false, now: 0)
        try hub.close(reader, [self.name("x!1"), self.name("x!2"), self.name("x!3")], now: 0)
        #expect(self.send(hub, "x!1") == .stored)
        #expect(self.send(hub, "x!2") == .refused(.gone))
        #expect(self.send(hub, "x!3") == .refused(.gone))
    }

    @Test func whereFewerClosedChannelsMayBeRememberedTheOldestAreForgottenAsOthersCome() throws {
        let hub = Hub(configuration: HubConfiguration())
        let reader = hub.connect()
        _ = try hub.listen(reader, [self.name("x!")], wantsMembers: false, now: 0)
        try hub.close(reader, (1...5).map { self.name("x!\($0)") }, now: 0)
        var configuration = HubConfiguration()
        configuration.maxClosed = 2
        hub.replaceLimits(configuration)
        #expect(self.send(hub, "x!1") == .refused(.gone))
        try hub.close(reader, [self.name("x!6")], now: 0)
        #expect(hub.forgottenClosed == 4)
        for number in 1...4 { #expect(self.send(hub, "x!\(number)") == .stored) }
        for number in 5...6 { #expect(self.send(hub, "x!\(number)") == .refused(.gone)) }
    }

    @Test func oneFrameForAllChannelsOfAReader() throws {
        let hub = Hub(configuration: HubConfiguration())
        let reader = hub.connect()
        _ = try hub.listen(reader, [self.name("x!")], wantsMembers: false, now: 0)
        let channels = (0..<100).map { self.name("x!\($0)") }
        try hub.join(self.name("g"), channels, now: 0)
        hub.ready(reader, 1, nil)
        let group = Array("g".utf8)
        let send = hub.makeGroupSend(group.span, except: nil, size: 10)
        #expect(hub.goOn(send, body: 0, now: 0) == 0)
        #expect(send.outcome == GroupOutcome(sent: 100, full: 0, gone: 0, stored: 0))
        #expect(hub.fanout.frames.count == 1)
        var names: [Name] = []
        for frame in hub.fanout.frames { hub.fanout.forEachName(of: frame) { names.append($0) } }
        #expect(names == channels)
    }

    /// Whatever clients do, in whatever order: nothing traps, and everything ends.
    @Test(arguments: [1, 2, 3, 4, 5] as [UInt64])
    func anyOrderOfRequestsLeavesNothingBehind(seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        var configuration = HubConfiguration()
        configuration.defaultCapacity = .init(messages: 3, bytes: 100)
        configuration.maxMembers = 5
        configuration.maxChannels = 12
        configuration.maxNames = 4
        let hub = Hub(configuration: configuration)
        let channels = ["a", "b", "x!1", "x!2", "y!1", "p?1", "q?2"].map(self.name)
        let names = channels + [self.name("x!"), self.name("y!")]
        let groups = ["g", "h"].map(self.name)
        var peers = (0..<4).map { _ in hub.connect() }
        var now = 0
        for _ in 0..<5_000 {
            let peer = peers.randomElement(using: &random) ?? 0
            let channel = channels.randomElement(using: &random) ?? channels[0]
            let group = groups.randomElement(using: &random) ?? groups[0]
            let some = names.shuffled(using: &random).prefix(2)
            switch Int.random(in: 0..<19, using: &random) {
            case 0: _ = try? hub.listen(peer, Array(some), wantsMembers: .random(using: &random), now: now)
            case 1: hub.unlisten(peer, Array(some), now: now)
            case 2: hub.ready(peer, .random(in: 0...2, using: &random), .random(using: &random) ? some.first : nil)
            case 3: try? hub.join(group, [channel], now: now)
            case 4: hub.leave(group, [channel])
            case 5: try? hub.pause(peer, channel)
            case 6: try? hub.resume(peer, channel)
            case 7: try? hub.close(peer, [channel], now: now)
            case 8:
                hub.disconnect(peer, endMailboxes: .random(using: &random), now: now)
                peers.removeAll { $0 == peer }
                peers.append(hub.connect())
            case 9:
                now += .random(in: 0...30_000, using: &random)
                hub.wake(now: now)
            case 10: _ = hub.goOn(hub.makeGroupSend(group.bytes.span, except: nil, size: 20), body: 0, now: now)
            case 11: hub.setBlocked(peer, .random(using: &random))
            case 12: try? hub.watch(peer, group, channel, now: now)
            case 13: hub.unwatch(peer, group, channel)
            case 17: try? hub.tail(peer, [Pattern("*"), Pattern(channel.description)].compactMap(\.self))
            case 18: hub.untail(peer, .random(using: &random) ? nil : [Pattern("*")].compactMap(\.self))
            case 14: while let news = hub.nextNews() { _ = hub.tell(news, body: 0, size: 20, now: now) }
            default: _ = self.send(hub, channel.description, size: 20, now: now)
            }
            while let delivery = hub.next(for: peer, now: now) { #expect(!delivery.names.isEmpty) }
            for copies in hub.takeCopies() { #expect(copies.lines(group: nil).flatMap(\.self) == copies.names) }
            _ = hub.takeEffects()
        }
        for peer in peers { hub.disconnect(peer, endMailboxes: true, now: now) }
        _ = hub.flush(nil)
        hub.wake(now: now + 1_000_000)
        #expect(hub.memory == 0)
        #expect(hub.queuedMessages == 0)
        #expect(hub.memberships == 0 && hub.totals.watches == 0 && hub.tails == 0)
        #expect(hub.totals.channels == 0 && hub.totals.mailboxes == 0 && hub.totals.groups == 0)
    }
}
