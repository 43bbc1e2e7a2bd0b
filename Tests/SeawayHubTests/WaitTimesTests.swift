import SeawayHub
import SeawayWire
import Testing

@Suite("How long messages wait") struct WaitTimesTests {
    private func name(_ text: String) -> Name { Name(checked: Array(text.utf8)) }

    private func send(_ hub: Hub, now: Int) {
        let bytes = Array("a".utf8)
        _ = hub.send(to: bytes.span, .normal, ifHeard: false, body: 0, size: 1, now: now)
    }

    private func hub(acknowledges: Bool = false) throws -> (Hub, PeerID) {
        let hub = Hub(configuration: HubConfiguration())
        let reader = hub.connect()
        _ = try hub.listen(reader, [self.name("a")], wantsMembers: false, acknowledges: acknowledges, now: 0)
        return (hub, reader)
    }

    @Test(arguments: [(0, 0), (1, 0), (2, 1), (3, 2), (100, 6), (101, 7), (60_000, 14), (60_001, 15)])
    func aTimeIsCountedByTheFirstBoundThatIsNotBelowIt(time: Int, bucket: Int) throws {
        var configuration = HubConfiguration()
        configuration.defaultExpiry = 3_600_000
        let hub = Hub(configuration: configuration)
        let reader = hub.connect()
        _ = try hub.listen(reader, [self.name("a")], wantsMembers: false, now: 0)
        self.send(hub, now: 5)
        hub.ready(reader, 1, nil)
        #expect(hub.next(for: reader, now: 5 + time) != nil)
        #expect(hub.waits.counts[bucket] == 1 && hub.waits.counts.reduce(0, +) == 1 && hub.waits.sum == time)
    }

    @Test func whatIsHandedOutAtOnceHasNotWaited() throws {
        let (hub, reader) = try self.hub()
        hub.ready(reader, 1, nil)
        self.send(hub, now: 5)
        #expect(hub.counters.delivered == 1 && hub.waits == WaitTimes())
    }

    /// It waits for something else than a reader.
    @Test func whatComesAgainIsCountedOnce() throws {
        let (hub, reader) = try self.hub(acknowledges: true)
        self.send(hub, now: 0)
        hub.ready(reader, 2, nil)
        let first = try #require(hub.next(for: reader, now: 3)?.handover)
        try hub.giveBack(reader, DeliveryTag(first.tag), of: self.name("a"), GiveBack(delay: 0), now: 10)
        hub.wake(now: 20)
        #expect(hub.next(for: reader, now: 5_000) != nil)
        #expect(hub.waits.counts.reduce(0, +) == 1 && hub.waits.sum == 3)
    }
}
