import SeawayHub
import SeawayWire
import TestSupport
import Testing

/// Presence (T1 to T7): what the vectors cannot show for size, for chance, or because it is not said on the wire.
@Suite struct WatchTests {
    private func name(_ text: String) -> Name { Name(checked: Array(text.utf8)) }

    /// A hub, the messages that wait in it, and who reads `w` and keeps a list of the members of `g`.
    private final class Watched {
        let hub: Hub
        let reader: PeerID
        private(set) var told: [WatchNews.Content] = []
        private(set) var view: Set<Name> = []
        /// Every message has told the number of members that the list then had.
        private(set) var isExact = true
        private var bodies: [BodyID: WatchNews] = [:]
        private var nextBody: BodyID = 0

        init(_ configuration: HubConfiguration = HubConfiguration()) throws {
            self.hub = Hub(configuration: configuration)
            self.reader = self.hub.connect()
            _ = try self.hub.listen(self.reader, [Name(checked: [UInt8(ascii: "w")])], wantsMembers: false, now: 0)
        }

        /// What a broker does when a turn ends.
        func endTurn(now: Int = 0) {
            while let news = self.hub.nextNews() {
                self.nextBody += 1
                switch self.hub.tell(news, body: self.nextBody, size: 100, now: now) {
                case .handed, .held: self.take(news)
                case .stored: self.bodies[self.nextBody] = news
                case .refused: break
                }
            }
            _ = self.hub.takeEffects()
        }

        func read(now: Int = 0) {
            while let delivery = self.hub.next(for: self.reader, now: now) {
                if let news = self.bodies.removeValue(forKey: delivery.body) { self.take(news) }
            }
        }

        private func take(_ news: WatchNews) {
            self.told.append(news.content)
            switch news.content {
            case .whole(let members, _): self.view = Set(members)
            case .change(let joined, let left):
                self.isExact = self.isExact && self.view.isDisjoint(with: joined) && self.view.isSuperset(of: left)
                self.view.formUnion(joined)
                self.view.subtract(left)
            }
            self.isExact = self.isExact && self.view.count == news.count
        }
    }

    private func names(_ range: Range<Int>) -> [Name] { range.map { self.name("m.\($0 + 100_000)") } }

    @Test func upToTenThousandChangesAreGatheredAndWithMoreTheWholeIsTold() throws {
        for (count, isGathered) in [(10_000, true), (10_001, false)] {
            let watched = try Watched()
            try watched.hub.watch(watched.reader, self.name("g"), self.name("w"), now: 0)
            watched.endTurn()
            try watched.hub.join(self.name("g"), self.names(0..<count), now: 0)
            watched.hub.ready(watched.reader, 100, nil)
            watched.read()
            watched.endTurn()
            #expect(watched.told.count == (isGathered ? 11 : 2))
            if case .change(let joined, let left)? = watched.told.last {
                #expect(isGathered && joined.count == 1_000 && left.isEmpty && watched.isExact)
            } else {
                #expect(watched.told.last == .whole(self.names(0..<1_000), hasMore: true))
            }
        }
    }

    @Test func whereMemoryIsShortTheWholeIsToldInsteadOfChanges() throws {
        var configuration = HubConfiguration()
        configuration.maxMemory = 100_000
        let watched = try Watched(configuration)
        try watched.hub.watch(watched.reader, self.name("g"), self.name("w"), now: 0)
        watched.endTurn()
        try watched.hub.join(self.name("g"), self.names(0..<30), now: 0)
        // The bodies of others.
        watched.hub.hold(100_000, .input, by: 0)
        watched.hub.leave(self.name("g"), self.names(0..<10))
        watched.hub.hold(-100_000, .input, by: 0)
        watched.hub.ready(watched.reader, 9, nil)
        watched.read()
        watched.endTurn()
        #expect(watched.told == [.whole([], hasMore: false), .whole(self.names(10..<30), hasMore: false)])
    }

    @Test func whatFindsNoRoomIsTriedAgainWhenTimePassesAndNotBefore() throws {
        var configuration = HubConfiguration()
        configuration.defaultCapacity = .init(messages: 1, bytes: 1_000)
        let watched = try Watched(configuration)
        let channel = Array("w".utf8)
        _ = watched.hub.send(to: channel.span, .normal, ifHeard: false, body: 1_000, size: 10, now: 0)
        try watched.hub.watch(watched.reader, self.name("g"), self.name("w"), now: 0)
        watched.endTurn()
        #expect(watched.hub.counters.untold == 1)
        for member in self.names(0..<5) {
            try watched.hub.join(self.name("g"), [member], now: 0)
            watched.endTurn()
        }
        #expect(watched.hub.counters.untold == 1)
        watched.hub.wake(now: 100)
        watched.endTurn(now: 100)
        #expect(watched.hub.counters.untold == 2)
        watched.hub.ready(watched.reader, 9, nil)
        watched.read(now: 100)
        #expect(watched.told.isEmpty)
        watched.hub.wake(now: 200)
        watched.endTurn(now: 200)
        #expect(watched.told == [.whole(self.names(0..<5), hasMore: false)])
        #expect(watched.hub.counters.told == 1)
    }

    @Test func aWatchGivesBackAllItsMemory() throws {
        let watched = try Watched()
        let hub = watched.hub
        let other = hub.connect()
        let before = hub.memory
        for id in [watched.reader, other] { try hub.watch(id, self.name("g"), self.name("x!1"), now: 0) }
        watched.endTurn()
        try hub.join(self.name("g"), self.names(0..<50), now: 0)
        #expect(hub.totals.watches == 1)
        hub.unwatch(watched.reader, self.name("g"), self.name("x!1"))
        #expect(hub.totals.watches == 1)
        hub.disconnect(other, endMailboxes: false, now: 0)
        #expect(hub.totals.watches == 0)
        hub.leave(self.name("g"), self.names(0..<50))
        _ = hub.flush(nil)
        #expect(hub.memory == before)
        #expect(hub.listening(of: watched.reader).names == 1)
    }

    @Test func newsThatAreNotToldPileUpNowhere() throws {
        let watched = try Watched()
        for _ in 0..<10 {
            try watched.hub.watch(watched.reader, self.name("g"), self.name("w"), now: 0)
            watched.hub.unwatch(watched.reader, self.name("g"), self.name("w"))
            watched.hub.forgetNews()
            #expect(!watched.hub.hasNews)
        }
        try watched.hub.watch(watched.reader, self.name("g"), self.name("w"), now: 0)
        #expect(watched.hub.hasNews)
    }

    @Test func aJoinCostsAboutTheSameHoweverManyWatchTheGroup() throws {
        var costs: [Int] = []
        for watches in [1, 500] {
            let watched = try Watched()
            for number in 0..<watches {
                try watched.hub.watch(watched.reader, self.name("g"), self.name("w.\(number)"), now: 0)
            }
            watched.endTurn()
            let before = watched.hub.work
            try watched.hub.join(self.name("g"), self.names(0..<1_000), now: 0)
            costs.append(watched.hub.work - before)
        }
        #expect(costs[1] - costs[0] <= 2 * 500 * Work.look)
    }

    @Test func aLargeGroupIsToldAtTheCostOfASmallOne() throws {
        var costs: [Int] = []
        for members in [1_000, 20_000] {
            let watched = try Watched()
            try watched.hub.join(self.name("g"), self.names(0..<members), now: 0)
            let before = watched.hub.work
            for number in 0..<100 {
                try watched.hub.watch(watched.reader, self.name("g"), self.name("w.\(number)"), now: 0)
            }
            watched.endTurn()
            costs.append(watched.hub.work - before)
        }
        #expect(costs[0] == costs[1])
    }

    @Test func changesThatAllHaveBeenToldTakeNoMemory() throws {
        let watched = try Watched()
        watched.hub.ready(watched.reader, 1_000, nil)
        try watched.hub.watch(watched.reader, self.name("g"), self.name("w"), now: 0)
        try watched.hub.watch(watched.reader, self.name("g"), self.name("never.read"), now: 0)
        watched.endTurn()
        let before = watched.hub.memory
        for _ in 0..<30_000 {
            try watched.hub.join(self.name("g"), self.names(0..<2), now: 0)
            watched.hub.leave(self.name("g"), self.names(0..<2))
            watched.endTurn()
        }
        // Of the one that is not read, whose whole is due.
        #expect(watched.hub.memory - before <= 12_000 * 200)
        watched.hub.unwatch(watched.reader, self.name("g"), self.name("never.read"))
        try watched.hub.join(self.name("g"), self.names(0..<1), now: 0)
        watched.endTurn()
        watched.hub.leave(self.name("g"), self.names(0..<1))
        watched.endTurn()
        #expect(watched.hub.memory <= before)
        #expect(watched.isExact)
    }

    /// Whatever happens to memberships, messages and channels: who applies what is told ends with the truth, and each
    /// message is exact.
    @Test(arguments: [1, 2, 3, 4, 5, 6, 7, 8] as [UInt64])
    func whoAppliesWhatIsToldKnowsTheMembers(seed: UInt64) throws {
        var random = SeededGenerator(seed: seed)
        var configuration = HubConfiguration()
        configuration.defaultCapacity = .init(messages: 2, bytes: 1_000)
        let watched = try Watched(configuration)
        let hub = watched.hub
        let group = self.name("g")
        let channels = ["a", "b", "x!1", "x!2", "y!1", "p?1", "p?2"].map(self.name)
        let mailboxes = ["x!", "y!", "p?1"].map(self.name)
        let other = hub.connect()
        var now = 0
        try hub.watch(watched.reader, group, self.name("w"), now: now)
        for _ in 0..<3_000 {
            let some = Array(channels.shuffled(using: &random).prefix(2))
            let mailbox = mailboxes.randomElement(using: &random) ?? mailboxes[0]
            switch Int.random(in: 0..<13, using: &random) {
            case 0...2: try? hub.join(group, some, now: now)
            case 3...4: hub.leave(group, some)
            case 5: _ = try? hub.listen(other, [mailbox], wantsMembers: false, now: now)
            case 6: hub.unlisten(other, [mailbox], now: now)
            case 7: hub.stopListening(other, endMailboxes: .random(using: &random), now: now)
            case 8: try? hub.close(other, some, now: now)
            case 9:
                now += .random(in: 0...40_000, using: &random)
                hub.wake(now: now)
            case 10:
                let channel = Array("w".utf8)
                _ = hub.send(to: channel.span, .normal, ifHeard: false, body: .max, size: 20, now: now)
            case 11: if Int.random(in: 0..<10, using: &random) == 0 { _ = hub.flush(nil) }
            default: hub.ready(watched.reader, .random(in: 0...2, using: &random), nil)
            }
            if .random(using: &random) { watched.read(now: now) }
            if .random(using: &random) { watched.endTurn(now: now) }
        }
        hub.ready(watched.reader, 1_000, nil)
        for _ in 0..<4 {
            watched.read(now: now)
            watched.endTurn(now: now)
            hub.wake(now: now)
        }
        #expect(watched.isExact)
        #expect(watched.view.sorted() == hub.members(of: group, after: nil, most: 1_000).rows)
        #expect(watched.told.count > 50)
    }
}
