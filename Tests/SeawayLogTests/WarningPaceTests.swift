import Logging
import SeawayLog
import Testing

@Suite("Warnings of what happens often") struct WarningPaceTests {
    @Test func oneInEachPauseIsAWarning() {
        let start = ContinuousClock.now
        var pace = WarningPace<ContinuousClock.Instant>(pause: .seconds(10))
        let levels = [0, 1, 9, 10, 11, 25, 34, 35].map { pace.level(at: start + .seconds($0)) }
        #expect(levels == [.warning, .debug, .debug, .warning, .debug, .warning, .debug, .warning])
    }

    @Test func whatIsNotToldDoesNotPutOffTheNextWarning() {
        let start = ContinuousClock.now
        var pace = WarningPace<ContinuousClock.Instant>(pause: .seconds(1))
        let due = (0..<20).filter { pace.isDue(at: start + .milliseconds(100) * $0) }
        #expect(due == [0, 10])
    }
}
