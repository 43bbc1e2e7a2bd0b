import SeawayBroker
import SeawayHub
import Testing

/// Whose place another gets (M8), as values.
@Suite struct StrangersTests {
    private func all(_ strangers: inout Strangers) -> [PeerID] {
        var order: [PeerID] = []
        while let id = strangers.removeNext() { order.append(id) }
        return order
    }

    @Test func theOldestOfTheAddressThatHasTheMostGoes() {
        var strangers = Strangers()
        strangers.insert(1, from: "a")
        for id in 2...4 { strangers.insert(id, from: "b") }
        strangers.insert(5, from: "a")
        #expect(strangers.count == 5)
        #expect(self.all(&strangers) == [2, 1, 3, 5, 4])
        #expect(strangers.count == 0)
    }

    @Test func whoIsNoneAnyMoreDoesNotGoAndANumberMayComeAgain() {
        var strangers = Strangers()
        for id in 1...3 { strangers.insert(id, from: "a") }
        strangers.remove(1)
        strangers.remove(9)
        strangers.insert(1, from: "a")
        #expect(self.all(&strangers) == [2, 3, 1])
    }

    @Test func whatHasLeftIsNotKept() {
        var strangers = Strangers()
        strangers.insert(0, from: "a")
        for round in 1...10_000 {
            strangers.insert(round, from: "a")
            strangers.remove(round)
        }
        #expect(strangers.count == 1)
        #expect(self.all(&strangers) == [0])
    }
}

/// When memory is given back to the system, as values.
@Suite struct MemoryTrimTests {
    @Test func aSixteenthOfTheMostGoesBackAtOnce() {
        var trim = MemoryTrim()
        let held = [320, 301, 300, 290, 281, 280, 275].map { trim.isDue(at: $0 << 20, now: 0) }
        #expect(held == [false, false, true, false, true, false, false])
    }

    @Test func whatIsLessThanItIsWorthGoesBackWhenNothingElseHas() {
        var trim = MemoryTrim()
        let early = [7 << 20, 0, 7 << 20, 0].map { trim.isDue(at: $0, now: MemoryTrim.rest - 1) }
        #expect(early == [false, false, false, false])
        let late = [0, 0, 2 << 20, 0].map { trim.isDue(at: $0, now: MemoryTrim.rest) }
        #expect(late == [true, false, false, false])
        let next = trim.isDue(at: 0, now: 2 * MemoryTrim.rest)
        #expect(next)
    }

    @Test func theLongerItTakesTheMoreRarelyItIsDone() {
        var trim = MemoryTrim()
        func isDue(_ held: Int, at now: Int) -> Bool { trim.isDue(at: held << 20, now: now) }
        let first = [isDue(100, at: 0), isDue(50, at: 0)]
        trim.note(took: 1_000, now: 0)
        let short = [isDue(40, at: 3), isDue(40, at: 4)]
        trim.note(took: 10_000, now: 100)
        let long = [isDue(30, at: 499), isDue(30, at: 500)]
        #expect([first, short, long] == [[false, true], [false, true], [false, true]])
    }
}
