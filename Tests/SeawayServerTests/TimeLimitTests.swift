import SeawayMessage
import SeawayServer
import SeawayTesting
import TestSupport
import Testing

/// Each time has a limit of its own, by whose name the log and the counters call it.
@Suite("Slow peers (section 7)") struct TimeLimitTests {
    private static let post = "POST / HTTP/1.1\r\nhost: a\r\ncontent-length: 8\r\n\r\n1"
    private static let begun: Message = ["status": 200, "content": "1", "more_content": true]

    /// Lets a peer be late by one limit, to the last second and then over it.
    ///
    /// - Returns: whether everything was as ever a second before.
    private func beLate(_ limit: TimeLimit, _ server: EmbeddedServer) throws -> Bool {
        let client = try server.connect()
        let seconds: Int64
        switch limit {
        case .head:
            try client.send("GET / HTTP/1.1\r\nhos")
            seconds = 30
        case .body:
            try client.send(Self.post)
            seconds = 20
        case .bodyRate:
            try client.send(Self.post)
            server.pass(.seconds(15))
            try client.send("2")
            seconds = 15
        case .keepAlive:
            try client.get()
            server.answer(0, ["status": 200])
            seconds = 75
        case .firstMessage:
            try client.get("/late")
            seconds = 120
        case .answer:
            try client.get("/late")
            server.answer(0, Self.begun)
            seconds = 10
        case .stall:
            try client.get("/late")
            server.answer(0, Self.begun)
            client.becomeSlow(true)
            server.answer(0, ["content": "2", "more_content": true])
            seconds = 60
        }
        server.pass(.seconds(seconds - 1))
        let wasOpen = client.isOpen && server.core.counters.timesOver.isEmpty
        server.pass(.seconds(1))
        return wasOpen
    }

    @Test(arguments: TimeLimit.allCases) func eachTimeHasItsName(limit: TimeLimit) throws {
        let log = LogLines()
        let server = EmbeddedServer(log: log) { $0.answerTimeout = limit == .answer ? .seconds(10) : nil }
        #expect(try self.beLate(limit, server))
        #expect(server.core.counters.timesOver == [limit: 1])
        let said = log.lines.filter { $0.hasPrefix("time is over ") }
        let isOfRequest = [.firstMessage, .answer].contains(limit)
        let line = "time is over client=192.0.2.7 limit=\(limit.rawValue)" + (isOfRequest ? " path=/late" : "")
        // Of a connection that is not needed any more nobody is to blame.
        #expect(said == (limit == .keepAlive ? [] : [line]))
        let metrics = server.core.metrics.all.text
        let reason = limit.rawValue.replacing("-", with: "_")
        #expect(metrics.contains("\nseaway_http_times_over_total{reason=\"\(reason)\"} 1\n"))
    }
}
