import SeawayServer
import Testing

/// When memory that was freed goes back to the system.
@Suite struct FreedMemoryTests {
    @Test func muchThatWasFreedIsGivenBackOnceInAWhile() {
        let start = Moment(milliseconds: 0)
        var freed = FreedMemory(now: start)
        var told: [Bool] = []
        for (bytes, seconds) in [(31 << 20, 2), (1 << 20, 3), (64 << 20, 3), (0, 4), (0, 9)] {
            told.append(freed.look(freed: bytes, at: start + .seconds(seconds)))
        }
        #expect(told == [false, true, false, true, false])
    }

    @Test("I35") func onlyLargePiecesAreLookedAt() {
        let account = MemoryAccount(SharedBudget(limit: 1 << 30, loops: 1), addresses: SharedHoldings())
        account.change(.messages, by: 200_000)
        account.change(.messages, by: -100_000)
        account.change(.messages, by: -1_000)
        #expect(account.takeFreed() == 100_000 && account.takeFreed() == 0)
    }
}
