import SeawayHub
import SeawayWire
import Testing

/// What is asked costs what it is about, not what else there is: counted in what is looked at (``Work``).
@Suite struct CostTests {
    private func name(_ text: String) -> Name { Name(checked: Array(text.utf8)) }

    private func cost(_ hub: Hub, _ body: () throws -> Void) rethrows -> Int {
        let before = hub.work
        try body()
        return hub.work - before
    }

    private func sendToGroup(_ hub: Hub, body: BodyID) -> GroupOutcome {
        let group = Array("g".utf8)
        let send = hub.makeGroupSend(group.span, except: nil, size: 2)
        _ = hub.goOn(send, body: body, now: 0)
        return send.outcome
    }

    /// A mailbox whose channels hold several group messages, and its reader.
    private func backlog(_ channels: Int, messages: Int, length: Int) throws -> (hub: Hub, reader: PeerID) {
        let hub = Hub(configuration: HubConfiguration())
        let reader = hub.connect()
        _ = try hub.listen(reader, [self.name("x!")], wantsMembers: false, now: 0)
        let names = (0..<channels).map { number in
            let text = "x!\(number)."
            return self.name(text + String(repeating: "a", count: max(0, length - text.utf8.count)))
        }
        try hub.join(self.name("g"), names, now: 0)
        for body in 0..<messages {
            #expect(self.sendToGroup(hub, body: BodyID(body)).stored == channels)
        }
        return (hub, reader)
    }

    private func drain(_ hub: Hub, _ reader: PeerID) -> [WaitingDelivery] {
        var all: [WaitingDelivery] = []
        while let delivery = hub.next(for: reader, now: 0) { all.append(delivery) }
        return all
    }

    @Test(arguments: [10, 250])
    func aBacklogOfAGroupCostsAsMuchForEachChannelHoweverManyThereAre(length: Int) throws {
        var costs: [Int] = []
        for channels in [2_000, 16_000] {
            let (hub, reader) = try self.backlog(channels, messages: 2, length: length)
            hub.ready(reader, Request.mostCredit, nil)
            var names = 0
            let cost = self.cost(hub) { names = self.drain(hub, reader).reduce(0) { $0 + $1.names.count } }
            costs.append(cost / channels)
            #expect(names == 2 * channels)
            #expect(hub.queuedMessages == 0)
        }
        #expect(costs[1] <= costs[0] * 5 / 4, "\(costs)")
    }

    @Test func aFrameOfABacklogPassesOverFewThatAreNotToBeHad() throws {
        let (hub, reader) = try self.backlog(5_000, messages: 1, length: 10)
        for number in 0..<4_000 { try hub.pause(reader, self.name("x!\(number).".padded(to: 10))) }
        hub.ready(reader, Request.mostCredit, nil)
        var deliveries: [WaitingDelivery] = []
        let cost = self.cost(hub) { deliveries = self.drain(hub, reader) }
        #expect(deliveries.reduce(0) { $0 + $1.names.count } == 1_000)
        // A line holds some 370 of them.
        #expect(deliveries.count <= 5)
        #expect(cost <= 5_000 * Work.look + 1_000 * (Work.change + 3 * Work.look))
    }

    @Test func creditForOneNameCostsTheSameAmongAThousand() throws {
        var costs: [Int] = []
        for names in [2, 1_024] {
            let hub = Hub(configuration: HubConfiguration())
            let reader = hub.connect()
            _ = try hub.listen(reader, (0..<names).map { self.name("n.\($0)") }, wantsMembers: false, now: 0)
            let other = Array("other".utf8)
            #expect(hub.send(to: other.span, .normal, ifHeard: false, body: 0, size: 2, now: 0) == .stored)
            #expect(hub.next(for: reader, now: 0) == nil)
            costs.append(
                self.cost(hub) {
                    for _ in 0..<100 {
                        hub.ready(reader, 1, self.name("n.1"))
                        #expect(hub.next(for: reader, now: 0) == nil)
                        #expect(!hub.mayHaveMore(for: reader))
                    }
                })
        }
        #expect(costs[0] == costs[1])
    }

    @Test func whoWasAskedIsNotAskedAgainUntilSomethingHasChanged() throws {
        let hub = Hub(configuration: HubConfiguration())
        let reader = hub.connect()
        _ = try hub.listen(reader, (0..<1_000).map { self.name("n.\($0)") }, wantsMembers: false, now: 0)
        let first = Array("n.0".utf8)
        #expect(hub.send(to: first.span, .normal, ifHeard: false, body: 0, size: 2, now: 0) == .stored)
        #expect(hub.next(for: reader, now: 0) == nil)
        var found = 0
        let cost = self.cost(hub) { for _ in 0..<100 where hub.next(for: reader, now: 0) != nil { found += 1 } }
        #expect(cost == 0 && found == 0)
        hub.ready(reader, 5, nil)
        #expect(hub.next(for: reader, now: 0)?.names == [self.name("n.0")])
        #expect(hub.next(for: reader, now: 0) == nil)
    }

    @Test func aTellingThatRepeatsIsToldOnce() throws {
        let (hub, reader) = try self.backlog(1_000, messages: 0, length: 10)
        let first = try hub.listen(reader, [self.name("x!")], wantsMembers: true, now: 0)
        let telling = try #require(first.telling)
        while !telling.isOver { hub.tellSome(telling) }
        // In four pieces.
        #expect(hub.takeEffects().count == 4)
        var again: MembersTelling?
        let cost = try self.cost(hub) {
            again = try hub.listen(reader, [self.name("x!")], wantsMembers: true, now: 0).telling
        }
        #expect(again == nil)
        #expect(cost <= 2 * Work.look)
    }

    @Test func aCountOfThoseWithoutRoomLooksAtNone() throws {
        let (hub, _) = try self.backlog(1_000, messages: 0, length: 10)
        var outcomes: [GroupOutcome] = []
        let cost = self.cost(hub) {
            outcomes = [nil, "x!1.aaaaaa", "elsewhere"].map {
                hub.countAsFull(self.name("g"), except: $0.map(self.name))
            }
        }
        #expect(outcomes.map(\.full) == [1_000, 999, 1_000])
        #expect(cost == 0)
    }
}

extension String {
    fileprivate func padded(to length: Int) -> String {
        self + String(repeating: "a", count: max(0, length - self.utf8.count))
    }
}
