import Foundation
import Logging
import NIOCore
import NIOPosix
import SeawayMessage
import SeawayServer
import SeawayTesting
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

    @Test(arguments: [
        ("GET /metrics", "200 OK", true), ("GET /metrics?x=1", "200 OK", true), ("HEAD /metrics", "200 OK", false),
        ("GET /", "404 Not Found", false), ("POST /metrics", "405 Method Not Allowed", false),
    ])
    func anHTTPListenerPrintsIt(request: String, status: String, hasFigures: Bool) async throws {
        try await self.withMetrics { server, address in
            try await server.connect { client in
                try await client.send("GET /moon HTTP/1.1\r\nhost: a\r\n\r\n")
                _ = try await client.read(until: "</moon>")
            }
            try await RawClient.connect(to: address) { client in
                try await client.send("\(request) HTTP/1.1\r\nhost: a\r\n\r\n")
                let answer = try await client.readToEnd()
                #expect(answer.hasPrefix("HTTP/1.1 \(status)\r\n"))
                #expect(answer.contains("\nseaway_http_answers_total 1\n") == hasFigures)
            }
        }
    }

    @Test("I31") func halfRequestsShutNobodyOut() async throws {
        try await self.withMetrics { _, address in
            try await RawClient.connect(to: address) { oldest in
                try await oldest.send("GET /metrics HTTP/1.1\r\n")
                try await Self.hold(15, at: address) {
                    for _ in 0..<5 {
                        try await RawClient.connect(to: address) { client in
                            try await client.send("GET /metrics HTTP/1.1\r\nhost: a\r\n\r\n")
                            let answer = try await client.readToEnd()
                            #expect(answer.hasPrefix("HTTP/1.1 200 OK\r\n"))
                        }
                    }
                    // The oldest has given its place to the first, long before its time.
                    let began = ContinuousClock.now
                    let answer = try await oldest.readToEnd()
                    #expect(answer.isEmpty && began.duration(to: .now) < .seconds(5))
                }
            }
        }
    }

    /// Keeps so many connections open for as long as the body runs.
    private static func hold(_ count: Int, at address: SocketAddress, _ body: () async throws -> Void) async throws {
        guard count > 0 else { return try await body() }
        try await RawClient.connect(to: address) { client in
            // It has its place once it has been read from.
            try await client.send("GET /metrics HTTP/1.1\r\n")
            try await self.hold(count - 1, at: address, body)
        }
    }

    private func withMetrics(_ body: (SocketServer, SocketAddress) async throws -> Void) async throws {
        try await SocketServer.run(.echo()) { server in
            let metrics = MetricsServer(
                eventLoop: server.server.eventLoop, logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
            ) { server.server.metrics() }
            let address = try await metrics.start(host: "127.0.0.1", port: 0)[0]
            do {
                try await body(server, address)
            } catch {
                await metrics.shutdown()
                throw error
            }
            await metrics.shutdown()
        }
    }
}
