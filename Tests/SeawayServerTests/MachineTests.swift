import SeawayServer
import Testing

@Suite("The order of answers (I20)") struct ExchangesTests {
    static func two() -> Exchanges<String, String> {
        var exchanges = Exchanges<String, String>(maxWaiting: 10)
        exchanges.begin(1, "first", deadline: Moment(milliseconds: 100))
        exchanges.begin(2, "second", deadline: Moment(milliseconds: 90))
        return exchanges
    }

    @Test func anAnswerBeforeItsTurnWaits() {
        var exchanges = Self.two()
        #expect(exchanges.put("b", bytes: 1, at: 1, isLast: true, closes: true) == .later)
        #expect(exchanges.index(of: 2) == nil)
        #expect(exchanges.put("a", bytes: 1, at: 0, isLast: true) == .now)
        #expect(exchanges.endFirst() == false)
        #expect(exchanges.first?.isComplete == true)
        #expect(exchanges.takeWaiting() == ["b"])
        #expect(exchanges.endFirst() == true)
        #expect(exchanges.takeWaiting() == [])
        #expect(exchanges.isEmpty)
    }

    @Test func whatWaitsIsBoundedByPausing() {
        var exchanges = Self.two()
        _ = exchanges.put("bbbbbbbbbb", bytes: 10, at: 1, isLast: false)
        #expect(exchanges.pauseIfNeeded(at: 1, isWritable: true) == false)
        _ = exchanges.put("b", bytes: 1, at: 1, isLast: false)
        #expect(exchanges.pauseIfNeeded(at: 0, isWritable: true) == false)
        #expect(exchanges.pauseIfNeeded(at: 1, isWritable: true) == true)
        #expect(exchanges.pauseIfNeeded(at: 1, isWritable: true) == false)
        // Its turn comes, and with it the channel is taken up again.
        _ = exchanges.put("a", bytes: 1, at: 0, isLast: true)
        _ = exchanges.endFirst()
        #expect(exchanges.takeWaiting() == ["bbbbbbbbbb", "b"])
        #expect(exchanges.resumeFirst(deadline: Moment(milliseconds: 500)) == true)
        #expect(exchanges.resumeFirst(deadline: Moment(milliseconds: 500)) == false)
        #expect(exchanges.overdue(at: Moment(milliseconds: 500))?.index == 0)
    }

    @Test func aSlowClientPausesTheFirst() {
        var exchanges = Self.two()
        #expect(exchanges.pauseIfNeeded(at: 0, isWritable: false) == true)
        // The client is late, not the worker.
        #expect(exchanges.overdue(at: Moment(milliseconds: 1_000))?.index == 1)
    }

    @Test func theTimeOfAnAnswerIsKept() {
        var exchanges = Self.two()
        #expect(exchanges.overdue(at: Moment(milliseconds: 89))?.index == nil)
        #expect(exchanges.overdue(at: Moment(milliseconds: 90))?.index == 1)
        _ = exchanges.put("b", bytes: 1, at: 1, isLast: true)
        #expect(exchanges.overdue(at: Moment(milliseconds: 99))?.index == nil)
        #expect(exchanges.overdue(at: Moment(milliseconds: 100))?.index == 0)
        #expect(exchanges.removeAll().map { [$0.number, $0.isComplete ? 1 : 0] } == [[1, 0], [2, 1]])
        #expect(exchanges.isEmpty)
    }
}

@Suite("How long a client is waited for (section 7)") struct ConnectionClockTests {
    static let times = ServerConfiguration()

    static func at(_ seconds: Int64) -> Moment { Moment(milliseconds: seconds * 1_000) }

    func expiry(
        _ clock: ConnectionClock, _ seconds: Int64, isBusy: Bool = false, _ output: TakenBytes? = nil
    ) -> ConnectionClock.Expiry {
        var clock = clock
        return clock.expiry(
            at: Self.at(seconds), isBusy: isBusy, output: output ?? TakenBytes(now: Self.at(0)), times: Self.times)
    }

    /// Something waits for the client since a time, and it takes some of it at each of others.
    static func output(since start: Int64, takenAt times: [Int64] = []) -> TakenBytes {
        var output = TakenBytes(now: Self.at(0))
        output.wrote(at: Self.at(start))
        for (index, time) in times.enumerated() {
            output.look(Outgoing(waiting: 1_000, taken: UInt64(index)), at: Self.at(time))
        }
        return output
    }

    @Test func aConnectionThatSaysNothingIsClosed() {
        let clock = ConnectionClock(now: Self.at(0))
        #expect(self.expiry(clock, 29) == .none)
        #expect(self.expiry(clock, 30) == .close(.head))
    }

    @Test func aHeadThatTricklesInIsAnswered() {
        var clock = ConnectionClock(now: Self.at(0))
        clock.bytesCame(at: Self.at(10))
        clock.bytesCame(at: Self.at(29))
        #expect(self.expiry(clock, 29) == .none)
        #expect(self.expiry(clock, 30) == .slowRequest(.head))
    }

    @Test func aBodyHasItsOwnTime() {
        var clock = ConnectionClock(now: Self.at(0))
        clock.headCame(at: Self.at(10))
        #expect(self.expiry(clock, 29) == .none)
        #expect(self.expiry(clock, 30) == .slowRequest(.body))
        // Each byte gives it anew, as long as there are enough of them.
        for second in stride(from: Int64(20), through: 40, by: 10) { clock.bodyCame(3_000, at: Self.at(second)) }
        #expect(self.expiry(clock, 59) == .none)
        #expect(self.expiry(clock, 60) == .slowRequest(.body))
    }

    @Test func aBodyThatTricklesInIsTooSlow() {
        var enough = BodyPace(now: Self.at(0))
        var tooLittle = BodyPace(now: Self.at(0))
        for second in Int64(1)...29 {
            enough.came(133, at: Self.at(second))
            tooLittle.came(132, at: Self.at(second))
            #expect(enough.limit(at: Self.at(second), Self.times) == nil)
            #expect(tooLittle.limit(at: Self.at(second), Self.times) == nil)
        }
        // 128 a second for 30 seconds are 3,840.
        #expect(enough.limit(at: Self.at(30), Self.times) == nil)
        #expect(tooLittle.limit(at: Self.at(30), Self.times) == .bodyRate)
        // What came in one window is not there for the next.
        for second in Int64(31)...59 { enough.came(1, at: Self.at(second)) }
        #expect(enough.limit(at: Self.at(60), Self.times) == .bodyRate)
        var unlimited = Self.times
        unlimited.minBodyRate = 0
        #expect(enough.limit(at: Self.at(60), unlimited) == nil)
        unlimited.minBodyRate = .max
        var any = BodyPace(now: Self.at(0))
        any.came(1, at: Self.at(29))
        #expect(any.limit(at: Self.at(30), unlimited) == .bodyRate)
    }

    @Test func aBodyThatTheServerDoesNotReadIsNotLate() {
        var clock = ConnectionClock(now: Self.at(0))
        clock.headCame(at: Self.at(0))
        clock.readingWasHeld(at: Self.at(100))
        #expect(self.expiry(clock, 119) == .none)
        #expect(self.expiry(clock, 120) == .slowRequest(.body))
    }

    @Test func anIdleConnectionIsClosedButNotABusyOne() {
        var clock = ConnectionClock(now: Self.at(0))
        clock.headCame(at: Self.at(0))
        clock.requestCame(at: Self.at(0))
        #expect(self.expiry(clock, 1_000, isBusy: true) == .none)
        clock.answerLeft(at: Self.at(1_000))
        #expect(self.expiry(clock, 1_074) == .none)
        #expect(self.expiry(clock, 1_075) == .close(.keepAlive))
        clock.bytesCame(at: Self.at(1_074))
        #expect(self.expiry(clock, 1_103) == .none)
        #expect(self.expiry(clock, 1_104) == .slowRequest(.head))
    }

    @Test func aHeadThatTheServerDoesNotReadIsNotLate() {
        var clock = ConnectionClock(now: Self.at(0))
        clock.bytesCame(at: Self.at(0))
        clock.readingWasHeld(at: Self.at(1))
        #expect(self.expiry(clock, 1_000, isBusy: true) == .none)
    }

    @Test func aClientThatTakesNothingIsGivenUp() {
        var clock = ConnectionClock(now: Self.at(0))
        clock.requestCame(at: Self.at(0))
        let silent = Self.output(since: 10, takenAt: [10])
        #expect(self.expiry(clock, 69, isBusy: true, silent) == .none)
        #expect(self.expiry(clock, 70, isBusy: true, silent) == .stalled)
        let steady = Self.output(since: 10, takenAt: [10, 40, 69])
        #expect(self.expiry(clock, 128, isBusy: true, steady) == .none)
        #expect(self.expiry(clock, 129, isBusy: true, steady) == .stalled)
    }

    /// Neither the time between two requests nor that after the end has begun while the last answer is on its way.
    @Test func whoeverTakesAnAnswerSteadilyIsNotCut() {
        var clock = ConnectionClock(now: Self.at(0))
        clock.requestCame(at: Self.at(0))
        clock.answerLeft(at: Self.at(0))
        var steady = Self.output(since: 0, takenAt: Array(stride(from: 0, through: 990, by: 30)))
        #expect(self.expiry(clock, 1_000, steady) == .none)
        var ended = clock
        ended.sideEnded(at: Self.at(0))
        #expect(self.expiry(ended, 1_000, steady) == .none)
        #expect(self.expiry(ended, 1_050, steady) == .stalled)
        // All is taken: only now both times begin.
        steady.look(Outgoing(waiting: 0, taken: 1_000), at: Self.at(1_000))
        #expect(self.expiry(clock, 1_074, steady) == .none)
        #expect(self.expiry(clock, 1_075, steady) == .close(.keepAlive))
        #expect(self.expiry(ended, 1_001, steady) == .none)
        #expect(self.expiry(ended, 1_002, steady) == .close(nil))
    }

    @Test func afterTheEndOnlyAShortTimeIsLeft() {
        var clock = ConnectionClock(now: Self.at(0))
        clock.readingStopped(at: Self.at(0))
        clock.headCame(at: Self.at(0))
        #expect(self.expiry(clock, 1_000, isBusy: true) == .none)
        clock.sideEnded(at: Self.at(1_000))
        clock.requestCame(at: Self.at(1_001))
        #expect(self.expiry(clock, 1_001) == .none)
        #expect(self.expiry(clock, 1_002) == .close(nil))
    }
}
