import SeawayWorker
import Testing

@Suite struct SeatTableTests {
    /// Three seats; a reference, since an expectation cannot change a value.
    private final class House {
        private var table: SeatTable<String>

        init(notice: Duration? = .milliseconds(250)) { self.table = SeatTable(count: 3, notice: notice) }

        /// - Returns: the number of the work.
        func begin(_ work: String, at seat: Int, now: Duration = .zero, isWatched: Bool = true) -> Int {
            var number = -1
            _ = self.table.begin(at: seat, now: { now }, isWatched: isWatched) {
                number = $0
                return work
            }
            return number
        }
        func sit(at seat: Int) { self.table.sit(at: seat) }
        func end(at seat: Int) -> Bool { self.table.end(at: seat) }
        func work(_ number: Int) -> String? { self.table.work(number) }
        func isCancelled(at seat: Int) -> Bool { self.table.isCancelled(at: seat) }
        func cancel(_ number: Int) -> Int? { self.table.cancel(number) }
        var nextDue: Duration? { self.table.nextDue }
        func takeDue(at now: Duration) -> [String] { self.table.takeDue(at: now) }
        func putOff(_ number: Int, at now: Duration) { self.table.putOff(number, at: now) }
        func stopNoticing() { self.table.stopNoticing() }
    }

    @Test func aNumberNamesOneWorkOnly() {
        let table = House()
        var numbers: Set<Int> = []
        for turn in 0..<5 {
            for seat in 0..<3 {
                let number = table.begin("\(turn) \(seat)", at: seat)
                #expect(table.work(number) == "\(turn) \(seat)")
                #expect(numbers.insert(number).inserted)
                #expect(!table.end(at: seat))
                #expect(table.work(number) == nil)
                #expect(table.cancel(number) == nil)
            }
        }
        for number in [-1, 999, Int.max, Int.min] { #expect(table.work(number) == nil) }
    }

    @Test func workIsDueOnceAndInItsTime() {
        let table = House()
        #expect(table.nextDue == nil)
        _ = table.begin("a", at: 0, now: .milliseconds(10))
        _ = table.begin("b", at: 1, now: .milliseconds(20))
        _ = table.begin("unwatched", at: 2, now: .zero, isWatched: false)
        #expect(table.nextDue == .milliseconds(260))
        #expect(table.takeDue(at: .milliseconds(259)) == [])
        #expect(table.takeDue(at: .milliseconds(260)) == ["a"])
        #expect(table.nextDue == .milliseconds(270))
        #expect(!table.end(at: 1))
        #expect(table.nextDue == nil)
        #expect(table.takeDue(at: .seconds(9)) == [])
    }

    @Test func whatIsPutOffIsDueAfterTwiceAsLongEachTime() {
        let table = House()
        let number = table.begin("a", at: 0)
        var now = Duration.milliseconds(250)
        var waits: [Duration] = []
        for _ in 0..<9 {
            #expect(table.takeDue(at: now) == ["a"])
            table.putOff(number, at: now)
            let next = table.nextDue ?? .zero
            waits.append(next - now)
            now = next
        }
        #expect(waits == [250, 500, 1_000, 2_000, 4_000, 8_000, 16_000, 16_000, 16_000].map { .milliseconds($0) })
        #expect(!table.end(at: 0))
        table.putOff(number, at: now)
        #expect(table.nextDue == nil)
    }

    @Test func aTaskThatWasCancelledTakesNoOtherWork() {
        let table = House()
        let number = table.begin("a", at: 1)
        #expect(table.cancel(number) == 1)
        #expect(table.cancel(number) == nil)
        #expect(table.isCancelled(at: 1) && !table.isCancelled(at: 0))
        #expect(table.end(at: 1))
        table.sit(at: 1)
        let next = table.begin("b", at: 1)
        #expect(table.cancel(number) == nil)
        #expect(!table.isCancelled(at: 1))
        #expect(table.cancel(next) == 1)
    }

    @Test func nothingIsDueWhereNothingIsToBe() {
        var table = House(notice: nil)
        _ = table.begin("a", at: 0)
        #expect(table.nextDue == nil)
        table = House()
        let number = table.begin("a", at: 0)
        table.stopNoticing()
        table.putOff(number, at: .zero)
        _ = table.begin("b", at: 1)
        #expect(table.nextDue == nil)
    }
}
