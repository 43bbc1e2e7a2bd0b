import NIOCore
import NIOHTTP1
import SeawayMessage
import SeawayServer
import TestSupport
import Testing

@Suite("How long requests took is counted by route, method and class of status (I81)") struct LatencyTests {
    private func histogram(_ metrics: [Metric], _ name: String, _ labels: [String]) -> Histogram? {
        let sample = metrics.first { $0.name == name }?.samples.first { $0.labels.map(\.value) == labels }
        if case .histogram(let histogram) = sample?.value { return histogram }
        return nil
    }

    private func times(first: Int64, total: Int64) -> RequestTimes {
        var times = RequestTimes(began: .uptimeNanoseconds(1_000))
        times.begin(at: .uptimeNanoseconds(UInt64(1_000 + first)), isWhole: false)
        times.end(at: .uptimeNanoseconds(UInt64(1_000 + total)))
        return times
    }

    @Test func eachCombinationHasItsOwn() throws {
        let routes = try Routes<RequestRoute>(["/python=http.request.python"])
        var table = LatencyTable(routes)
        let python = LatencyTable.Place.route(routes.match(host: nil, path: "/python/x"))
        for _ in 0..<2 { table.record(python, .GET, status: 204, self.times(first: 400_000, total: 3_000_000)) }
        table.record(python, .RAW(value: "BREW"), status: 500, self.times(first: 1, total: 70_000_000_000))
        table.record(.files, .HEAD, status: 404, self.times(first: 1, total: 1))
        let first = try #require(
            self.histogram(table.metrics, "seaway_http_first_byte_seconds", ["http.request.python", "GET", "2xx"]))
        #expect(first.count == 2 && first.cumulative.prefix(2) == [0, 2] && abs(first.sum - 0.000_8) < 1e-9)
        let total = try #require(
            self.histogram(
                table.metrics, "seaway_http_request_duration_seconds", ["http.request.python", "GET", "2xx"]))
        #expect(total.count == 2 && total.cumulative.prefix(5) == [0, 0, 0, 0, 2])
        let other = self.histogram(
            table.metrics, "seaway_http_request_duration_seconds", ["http.request.python", "other", "5xx"])
        #expect(other?.counts.last == 1)
        #expect(self.histogram(table.metrics, "seaway_http_request_duration_seconds", ["files", "HEAD", "4xx"]) != nil)
    }

    @Test func whatHasNoAnswerHasNoFirstByte() {
        var table = LatencyTable()
        var times = RequestTimes(began: .uptimeNanoseconds(0))
        times.end(at: .uptimeNanoseconds(5))
        table.record(.webSocket, .GET, status: 0, times)
        let labels = ["websocket", "GET", "none"]
        #expect(self.histogram(table.metrics, "seaway_http_first_byte_seconds", labels)?.count == 0)
        #expect(self.histogram(table.metrics, "seaway_http_request_duration_seconds", labels)?.count == 1)
    }

    @Test func combinationsBeyondTheLimitAreCountedTogether() throws {
        let texts = (0..<100).map { "/\($0)=http.request.r\($0)" }
        let routes = try Routes<RequestRoute>(texts)
        var table = LatencyTable(routes)
        let methods: [HTTPMethod] = [.GET, .HEAD, .POST, .PUT, .PATCH, .DELETE, .OPTIONS, .TRACE]
        for index in 0..<100 {
            let place = LatencyTable.Place.route(routes.match(host: nil, path: "/\(index)"))
            for method in methods {
                for status in [0, 101, 200, 300, 400, 500] {
                    table.record(place, method, status: status, self.times(first: 1, total: 1))
                }
            }
        }
        // The others are by route alone.
        for metric in table.metrics.prefix(2) {
            #expect(metric.samples.count == LatencyTable.mostRows)
            #expect(Set(metric.samples.map(\.labels)).count == metric.samples.count)
            let counts = metric.samples.map { sample in
                if case .histogram(let histogram) = sample.value { histogram.count } else { 0 }
            }
            #expect(counts.reduce(0, +) == 100 * methods.count * 6)
            #expect(metric.samples.last?.labels.map(\.value) == ["other", "other", "other"])
        }
    }

    @Test func loopsAreSummedByTheirLabels() throws {
        var (one, two) = (LatencyTable(), LatencyTable())
        one.record(.files, .GET, status: 200, self.times(first: 1, total: 1))
        two.record(.webSocket, .GET, status: 101, self.times(first: 1, total: 1))
        two.record(.files, .GET, status: 200, self.times(first: 1, total: 1))
        let sum = [Metric](sumOf: [one.metrics, two.metrics])
        #expect(self.histogram(sum, "seaway_http_first_byte_seconds", ["files", "GET", "2xx"])?.count == 2)
        #expect(self.histogram(sum, "seaway_http_first_byte_seconds", ["websocket", "GET", "1xx"])?.count == 1)
    }

    @Test func aServerCountsWhatItHasAnswered() throws {
        let server = EmbeddedServer()
        let client = try server.connect()
        try client.get("/moon")
        server.passUnseen(.milliseconds(20))
        server.answer(0, ["status": 200, "content": "a", "more_content": true])
        server.passUnseen(.milliseconds(200))
        server.answer(0, ["content": "b"])
        try client.get("/moon")
        server.pass(.seconds(120))
        let all = server.core.metrics.all
        let labels = ["http.request", "GET", "2xx"]
        let first = try #require(self.histogram(all, "seaway_http_first_byte_seconds", labels))
        let total = try #require(self.histogram(all, "seaway_http_request_duration_seconds", labels))
        #expect(first.count == 1 && abs(first.sum - 0.02) < 1e-9)
        #expect(total.count == 1 && abs(total.sum - 0.22) < 1e-9)
        let late = try #require(
            self.histogram(all, "seaway_http_request_duration_seconds", ["http.request", "GET", "5xx"]))
        #expect(late.count == 1 && late.sum == 120)
        // A request that is refused takes no time, and is counted elsewhere.
        try client.send("NONSENSE\r\n\r\n")
        #expect(server.core.metrics.all.first { $0.name == "seaway_http_first_byte_seconds" }?.samples.count == 2)
    }
}
