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
    @Test func aQuarterOfTheMostGoesBackAtOnce() {
        var trim = MemoryTrim()
        let first = trim.isDue(at: 100 << 20)
        let little = trim.isDue(at: 80 << 20)
        let much = trim.isDue(at: 75 << 20)
        let again = trim.isDue(at: 70 << 20)
        let more = trim.isDue(at: 56 << 20)
        #expect([first, little, much, again, more] == [false, false, true, false, true])
    }

    @Test func nothingIsGivenBackForLessThanItIsWorth() {
        var trim = MemoryTrim()
        let all = [7 << 20, 0, 7 << 20, 0].map { trim.isDue(at: $0) }
        #expect(all == [false, false, false, false])
    }
}
