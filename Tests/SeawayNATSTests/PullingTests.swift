import SeawayNATS
import Testing

@Suite struct PullingTests {
    private func status(_ status: Int, _ text: String = "", reply: String? = nil) -> PullStatus? {
        var headers = NATSHeaders()
        (headers.status, headers.text) = (status, text)
        return PullStatus(NATSMessage(subject: "i.1", reply: reply, headers: headers))
    }

    /// The first pull of a connection is as all are.
    private static var alike: Pulling.Bounds {
        var bounds = Pulling.Bounds()
        bounds.heartbeat = 3_000
        (bounds.firstExpires, bounds.firstHeartbeat) = (bounds.expires, bounds.heartbeat)
        return bounds
    }

    @Test func untilSomethingIsHeardPullsAreShort() {
        var pulling = Pulling()
        _ = pulling.credit(5, at: 0)
        let short = "{\"batch\":5,\"expires\":1000000000,\"idle_heartbeat\":250000000}"
        #expect(String(decoding: pulling.payload(batch: 5), as: UTF8.self) == short)
        #expect(pulling.timePassed(at: 500) == .nothing)
        #expect(pulling.timePassed(at: 501) == .pull(number: 2, batch: 5))
        #expect(pulling.heard(.heartbeat, of: 2, at: 700) == .nothing)
        #expect(pulling.heard(.ended, of: 2, at: 1_500) == .pull(number: 3, batch: 5))
        let long = "{\"batch\":5,\"expires\":10000000000,\"idle_heartbeat\":2000000000}"
        #expect(String(decoding: pulling.payload(batch: 5), as: UTF8.self) == long)
        // Of another connection nothing is known.
        #expect(pulling.connected(at: 9_000) == .pull(number: 4, batch: 5))
        #expect(String(decoding: pulling.payload(batch: 5), as: UTF8.self) == short)
    }

    @Test func statusesAreReadByTheirWords() {
        #expect(self.status(100, "Idle Heartbeat") == .heartbeat)
        #expect(self.status(404, "No Messages") == .ended)
        #expect(self.status(408, "Request Timeout") == .ended)
        #expect(self.status(409, "Batch Completed") == .ended)
        #expect(self.status(409, "Leadership Change") == .leaderChanged)
        #expect(self.status(409, "Server Shutdown") == .leaderChanged)
        #expect(self.status(409, "Exceeded MaxWaiting") == .tooMany)
        #expect(self.status(409, "Consumer Deleted") == .consumerGone)
        #expect(self.status(409, "Message Size Exceeds MaxBytes") == .refused("409 Message Size Exceeds MaxBytes"))
        #expect(self.status(503) == .noResponders)
        // What a publisher has written is a message, whatever it says.
        #expect(self.status(409, "Consumer Deleted", reply: "$JS.ACK.s.c.1.2.3.4.5") == nil)
        #expect(PullStatus(NATSMessage(subject: "a")) == nil)
    }

    @Test func asMuchIsPulledAsThereIsCreditFor() {
        var pulling = Pulling()
        #expect(pulling.credit(0, at: 0) == .nothing)
        #expect(pulling.credit(2, at: 0) == .pull(number: 1, batch: 2))
        // One pull at a time.
        #expect(pulling.credit(1_000, at: 0) == .nothing)
        #expect(pulling.delivered(at: 10) == (.nothing, isWanted: true))
        #expect(pulling.delivered(at: 10) == (.pull(number: 2, batch: 256), isWanted: true))
        #expect(
            String(decoding: pulling.payload(batch: 256), as: UTF8.self)
                == "{\"batch\":256,\"expires\":10000000000,\"idle_heartbeat\":2000000000}")
    }

    @Test func whatComesBeyondTheCreditIsTold() {
        var pulling = Pulling()
        #expect(pulling.credit(2, at: 0) == .pull(number: 1, batch: 2))
        // Whoever listened has gone; the pull cannot be withdrawn.
        #expect(pulling.credit(0, at: 0) == .nothing)
        #expect(pulling.delivered(at: 10) == (.nothing, isWanted: false))
        #expect(pulling.delivered(at: 10) == (.nothing, isWanted: false))
        #expect(pulling.credit(1, at: 20) == .pull(number: 2, batch: 1))
    }

    @Test func aPullThatHasEndedIsAskedForAgain() {
        var pulling = Pulling()
        _ = pulling.credit(5, at: 0)
        #expect(pulling.heard(.ended, of: 1, at: 10_000) == .pull(number: 2, batch: 5))
        // What is said of an earlier one changes nothing.
        #expect(pulling.heard(.ended, of: 1, at: 10_000) == .nothing)
        #expect(pulling.heard(.consumerGone, of: 1, at: 10_000) == .nothing)
    }

    @Test(arguments: [PullStatus.leaderChanged, .tooMany, .noResponders, .refused("409 Something New")])
    func afterTroubleANewPullIsMadeSoon(status: PullStatus) {
        var pulling = Pulling()
        _ = pulling.credit(5, at: 0)
        #expect(pulling.heard(status, of: 1, at: 100) == .nothing)
        #expect(pulling.credit(6, at: 200) == .nothing)
        #expect(pulling.timePassed(at: 349) == .nothing)
        #expect(pulling.timePassed(at: 350) == .pull(number: 2, batch: 6))
    }

    @Test func twoMissedHeartbeatsAreTheEndOfAPull() {
        var pulling = Pulling(bounds: Self.alike)
        _ = pulling.credit(5, at: 0)
        #expect(pulling.heard(.heartbeat, of: 1, at: 3_000) == .nothing)
        #expect(pulling.timePassed(at: 9_000) == .nothing)
        #expect(pulling.timePassed(at: 9_001) == .pull(number: 2, batch: 5))
        #expect(pulling.silences == 1)
    }

    @Test func behindASilentPullOthersAreMadeSoonUntilOneIsHeard() {
        var pulling = Pulling()
        let bounds = Pulling.Bounds()
        _ = pulling.credit(5, at: 0)
        var now = 100
        #expect(pulling.heard(.ended, of: 1, at: now) == .pull(number: 2, batch: 5))
        now += 2 * bounds.heartbeat + 1
        #expect(pulling.timePassed(at: now) == .pull(number: 3, batch: 5))
        now += 2 * bounds.firstHeartbeat + 1
        #expect(pulling.timePassed(at: now) == .pull(number: 4, batch: 5))
        #expect(pulling.heard(.heartbeat, of: 4, at: now) == .nothing)
        #expect(pulling.timePassed(at: now + 2 * bounds.firstHeartbeat + 1) == .nothing)
        #expect(pulling.silences == 2)
    }

    @Test func aPullWhoseEndIsNotToldEndsByItself() {
        var pulling = Pulling(bounds: Self.alike)
        _ = pulling.credit(5, at: 0)
        for time in stride(from: 3_000, through: 12_000, by: 3_000) {
            #expect(pulling.heard(.heartbeat, of: 1, at: time) == .nothing)
        }
        #expect(pulling.timePassed(at: 13_000) == .nothing)
        #expect(pulling.timePassed(at: 13_001) == .pull(number: 2, batch: 5))
    }

    @Test func aLostConnectionTakesThePullWithIt() {
        var pulling = Pulling()
        _ = pulling.credit(5, at: 0)
        pulling.lost()
        #expect(pulling.timePassed(at: 60_000) == .nothing)
        #expect(pulling.connected(at: 60_000) == .pull(number: 2, batch: 5))
    }

    @Test func aConsumerThatIsNoMoreIsNotAskedAgain() {
        var pulling = Pulling()
        _ = pulling.credit(5, at: 0)
        #expect(pulling.heard(.consumerGone, of: 1, at: 10) == .gone)
        #expect(pulling.credit(5, at: 20) == .nothing)
        #expect(pulling.connected(at: 30) == .nothing)
        #expect(pulling.timePassed(at: 60_000) == .nothing)
    }
}

private func == (left: (Pulling.Action, isWanted: Bool), right: (Pulling.Action, isWanted: Bool)) -> Bool {
    left.0 == right.0 && left.isWanted == right.isWanted
}
