import SeawayAdmin
import SeawayMessage
import SeawayServer
import Testing

@Suite("Figures") struct FiguresTests {
    @Test func theSystemSaysWhatAProcessTakes() {
        var figures = ProcessFigures()
        let rest = "S 1 2 3 4 5 6 7 8 9 10 250 150 13 14 15 16 12 18 5000 4096000 300 22"
        figures.take(stat: "42 (sea) way)) \(rest)", ticks: 100, page: 4_096)
        #expect(figures.cpuSeconds == 4 && figures.threads == 12)
        #expect(figures.virtualBytes == 4_096_000 && figures.residentBytes == 1_228_800)
        figures.take(boot: "cpu 1 2\nbtime 1000\nctxt 3\n")
        #expect(figures.startTime == 1_050)
    }

    @Test(arguments: ["", "42", "42 (x) S", ") ) )", "42 (x) S 1 2 3 a b c d e f g h i j k l m n o p q r s t"])
    func whatIsNotUnderstoodIsNotSaid(text: String) {
        var figures = ProcessFigures()
        figures.take(stat: text, ticks: 100, page: 4_096)
        figures.take(boot: text)
        #expect(figures.residentBytes == nil && figures.startTime == nil)
    }

    @Test func thisProcessIsThere() {
        let figures = ProcessFigures.now()
        #expect(figures.cpuSeconds ?? 0 > 0)
        #expect(figures.mostDescriptors ?? 0 > 0)
        #if os(Linux)
            #expect(figures.residentBytes ?? 0 > 1 << 20 && figures.threads ?? 0 > 0)
            #expect(figures.openDescriptors ?? 0 > 0 && figures.startTime ?? 0 > 0)
        #endif
    }

    @Test func aBrokerSaysEverythingThatItMayEverSay() throws {
        let empty = BrokerMetrics(totals: [:]).all
        let totals = try Message(
            json: #"{"sent":3,"refused":{"full":2},"waits":{"bounds":[1,10],"counts":[2,0,1],"sum":70}}"#)
        let full = BrokerMetrics(totals: totals).all
        // So that nothing begins in the middle, by the first time that it happens.
        #expect(empty.map(\.name) == full.map(\.name))
        #expect(Set(full.map(\.name)).count == full.count)
        for metric in full { #expect(metric.name.hasSuffix("_total") == (metric.kind == .counter), "\(metric.name)") }
        let text = full.text
        #expect(text.contains("\nseaway_broker_messages_sent_total 3\n"))
        #expect(text.contains("\nseaway_broker_requests_refused_total{code=\"full\"} 2\n"))
        #expect(text.contains("\nseaway_broker_requests_refused_total{code=\"away\"} 0\n"))
        #expect(text.contains("\nseaway_broker_queue_duration_seconds_bucket{le=\"0.01\"} 2\n"))
        #expect(text.contains("\nseaway_broker_queue_duration_seconds_sum 0.07\n"))
    }

    @Test func theConsoleAddsUpAServersHistograms() {
        func sample(_ status: String, _ counts: [Int]) -> Metric.Sample {
            Metric.Sample(
                .histogram(Histogram(bounds: [1], counts: counts, sum: 2)),
                [.init("route", "/"), .init("status", status)])
        }
        let metrics = [
            Metric("seaway_http_requests_total", "R.", 4),
            Metric(
                "seaway_http_request_duration_seconds", "D.", .histogram,
                [sample("2xx", [1, 0]), sample("5xx", [1, 2])]),
            Metric("seaway_http_refused_total", "R.", by: [("full", 3), ("unknown", 0)]),
        ]
        let picture = ServerPicture(metrics).message
        #expect(picture["requests"] == 4 && picture["status"] == ["2xx": 1, "5xx": 3])
        #expect(picture["latency"] == ["buckets": [1.0], "counts": [2, 4], "sum": 4.0])
        #expect(picture["drops"] == ["full": 3])
        #expect(ServerPicture([]).message["latency"] == .null)
    }
}
