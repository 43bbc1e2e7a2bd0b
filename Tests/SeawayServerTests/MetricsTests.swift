import Foundation
import SeawayServer
import TestSupport
import Testing

@Suite("What is counted can be read (I26)", .timeLimit(.minutes(1))) struct MetricsTests {
    @Test func theTextIsThatOfPrometheus() {
        var counters = ServerCounters()
        counters.requests = 3
        counters.full = 2
        let text = ServerMetrics(server: counters, wire: WebSocketCounters()).all.text
        #expect(
            text.contains(
                """
                # HELP seaway_http_requests_total Requests sent to a channel.
                # TYPE seaway_http_requests_total counter
                seaway_http_requests_total 3

                """))
        #expect(text.contains("\nseaway_http_refused_total{reason=\"full\"} 2\n"))
        #expect(text.contains("# TYPE seaway_websocket_open gauge\nseaway_websocket_open 0\n"))
    }

    @Test func everyNameIsThereOnceAndSaysWhatItIs() {
        let all = ServerMetrics(server: ServerCounters(), wire: WebSocketCounters()).all
        #expect(Set(all.map(\.name)).count == all.count)
        for metric in all {
            #expect(metric.name.hasSuffix("_total") == (metric.kind == .counter), "\(metric.name)")
            #expect(!metric.help.isEmpty && !metric.help.contains("\n"))
            #expect(Set(metric.samples.map(\.reason)).count == metric.samples.count)
        }
    }

    @Test func theNamesAreThoseOfThePage() throws {
        let page = try String(contentsOf: Vectors.protocolFolder.appending(path: "INTERFACE.md"), encoding: .utf8)
        let rows = page.split(separator: "\n").filter { $0.hasPrefix("| `seaway_") }.map { row in
            row.split(separator: "`", omittingEmptySubsequences: false).enumerated().filter { $0.offset % 2 == 1 }
                .map { String($0.element) }
        }
        let shown = ServerMetrics(server: ServerCounters(), wire: WebSocketCounters()).all.map { metric in
            [metric.name] + metric.samples.compactMap(\.reason)
        }
        #expect(rows == shown)
    }

    /// A counter that nobody can read would not be missed.
    @Test func everyCounterIsShown() {
        func count(_ value: Any) -> Int { Mirror(reflecting: value).children.count { $0.value is Int } }
        let server = ServerCounters()
        let wire = WebSocketCounters()
        let shown = ServerMetrics(server: server, wire: wire).all.flatMap(\.samples).count
        let all: [Any] = [
            server, server.sockets, server.tls, server.http2, server.files, server.compression, wire,
        ]
        let memory = MemoryPart.allCases.count + 1
        let byName = HTTP2Fault.allCases.count + TimeLimit.allCases.count + GivingWay.uses.count + memory
        #expect(shown == all.reduce(byName) { $0 + count($1) })
    }
}
