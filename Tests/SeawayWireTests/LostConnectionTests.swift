import SeawayWire
import Testing

@Suite struct LostConnectionTests {
    @Test("B21") func whatWentByALostConnectionIsForsakenTheFailoverTimeAfterItsLastSignOfLife() {
        var lost = LostConnections(failover: 2_000)
        #expect(lost.popOverdue(at: 10_000) == nil)
        // It was closed a second after it was heard; the next one has been silent for long.
        lost.add(1, heardAt: 5_000)
        lost.add(2, heardAt: 6_100)
        #expect(lost.popOverdue(at: 6_999) == nil)
        #expect(lost.popOverdue(at: 7_000) == 1)
        #expect(lost.popOverdue(at: 7_000) == nil)
        #expect(lost.popOverdue(at: 9_000) == 2)
        #expect(lost.popOverdue(at: 99_000) == nil)
    }
}

@Suite struct KeepaliveTests {
    @Test("H5, B11") func aSilentPeerIsAskedTwiceAndThenGivenUp() {
        var keepalive = Keepalive(interval: 600, now: 0)
        let steps = stride(from: 100, through: 1_800, by: 100).map { keepalive.check(at: $0) }
        #expect(steps.enumerated().filter { $0.element != .wait }.map { ($0.offset + 1) * 100 } == [600, 1_200, 1_800])
        #expect(steps.filter { $0 != .wait } == [.ping, .ping, .giveUp])
    }

    /// A process that was stopped for an hour finds every time over at once.
    @Test func aPeerHasTimeToAnswerThoughThisSideWasLateToAsk() {
        var keepalive = Keepalive(interval: 600, now: 0)
        #expect(keepalive.check(at: 3_600_000) == .ping)
        #expect(keepalive.check(at: 3_600_100) == .wait)
        #expect(keepalive.check(at: 3_600_300) == .ping)
        keepalive.peerWasHeard(at: 3_600_301)
        #expect(keepalive.check(at: 3_600_700) == .wait)
    }
}
