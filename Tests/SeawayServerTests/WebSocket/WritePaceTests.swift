import SeawayServer
import Testing

/// What many sockets are sent right behind each other goes out in one write for each (W20).
@Suite struct WritePaceTests {
    private static let milli: UInt64 = 1_000_000

    @Test func nothingWaitsBehindAShortPass() {
        var pace = WritePace(loops: 1)
        #expect(pace.isFree)
        pace.passed(64, from: 1, to: 50 * Self.milli)
        #expect(pace.isFree && pace.deadline(at: 50 * Self.milli) == nil)
    }

    @Test(arguments: [(1, 4), (2, 12), (3, 20), (Int.max, 20)] as [(Int, UInt64)])
    func behindALongOneComesAPauseThatGrowsWithTheLoops(loops: Int, milliseconds: UInt64) {
        var pace = WritePace(loops: loops)
        pace.passed(65, from: 2 * Self.milli, to: 10 * Self.milli)
        #expect(!pace.isFree)
        let deadline = (10 + milliseconds) * Self.milli
        #expect(pace.deadline(at: 10 * Self.milli) == deadline)
        #expect(pace.deadline(at: deadline - 1) == deadline)
        #expect(pace.deadline(at: deadline) == nil && pace.isFree)
    }

    @Test func aPauseEndsWithItsTimeOrWithTheNextPass() {
        var pace = WritePace(loops: 1)
        pace.passed(1_000, from: 1, to: 1_000 * Self.milli)
        #expect(pace.deadline(at: 1_000 * Self.milli) == 1_020 * Self.milli)
        pace.passed(3, from: 1_000 * Self.milli, to: 1_001 * Self.milli)
        #expect(pace.isFree)
    }

    @Test func aClockThatStandsStillDoesNoHarm() {
        var pace = WritePace(loops: 1)
        pace.passed(1_000, from: 5, to: 5)
        #expect(pace.isFree)
    }
}
