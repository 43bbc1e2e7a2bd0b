import Logging
import SeawayLog
import Testing

@Suite("The level that all loggers share", .serialized)
struct SharedLevelTests {
    @Test("holds for loggers that are there already, unless their own is higher")
    func shared() {
        let before = SharedLevel.level
        defer { SharedLevel.level = before }
        let logger = Logger(label: "a") { _ in SharedLevelLogHandler(SwiftLogNoOpLogHandler()) }
        var quiet = logger
        quiet.logLevel = .warning
        for level in Logger.Level.allCases {
            SharedLevel.level = level
            #expect(logger.logLevel == level)
            #expect(quiet.logLevel == max(level, .warning))
        }
    }
}
