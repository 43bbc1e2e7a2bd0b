import SeawayServer
import Testing

@Suite("Histograms") struct HistogramTests {
    @Test func aValueIsCountedByTheFirstBoundThatIsNotBelowIt() {
        var histogram = Histogram(bounds: [0.5, 1])
        for value in [0.25, 0.5, 0.75, 1, 2] { histogram.observe(value) }
        #expect(histogram.counts == [2, 2, 1])
        #expect(histogram.cumulative == [2, 4, 5])
        #expect(histogram.count == 5 && histogram.sum == 4.5)
    }

    @Test func theTextHasEachBucketTheSumAndTheCount() {
        let histogram = Histogram(bounds: [0.5, 1], counts: [2, 0, 1], sum: 3.5)
        let metric = Metric(
            "seaway_test_seconds", "A test\\of\nhelp.", .histogram,
            [Metric.Sample(.histogram(histogram), [.init("route", "a\"b\\c\n")])])
        #expect(
            [metric].text == """
                # HELP seaway_test_seconds A test\\\\of\\nhelp.
                # TYPE seaway_test_seconds histogram
                seaway_test_seconds_bucket{route="a\\"b\\\\c\\n",le="0.5"} 2
                seaway_test_seconds_bucket{route="a\\"b\\\\c\\n",le="1.0"} 2
                seaway_test_seconds_bucket{route="a\\"b\\\\c\\n",le="+Inf"} 3
                seaway_test_seconds_sum{route="a\\"b\\\\c\\n"} 3.5
                seaway_test_seconds_count{route="a\\"b\\\\c\\n"} 3

                """)
    }

    /// Loops of one server have seen other routes.
    @Test func sumsAreOfTheSameLabelsWhereverTheyStand() {
        func metric(_ samples: [(String, Int)]) -> [Metric] { [Metric("a_total", "A.", by: samples.map { ($0, $1) })] }
        let sum = [Metric](sumOf: [metric([("x", 1), ("y", 2)]), metric([("y", 3), ("z", 4)])])
        #expect(sum == metric([("x", 1), ("y", 5), ("z", 4)]))
    }

    @Test func histogramsAreSummedBucketByBucket() {
        let one = Histogram(bounds: [1], counts: [1, 2], sum: 5)
        func metric(_ histogram: Histogram) -> Metric {
            Metric("a_seconds", "A.", .histogram, [Metric.Sample(.histogram(histogram))])
        }
        let sum = [Metric](sumOf: [[metric(one)], [metric(one)]])
        #expect(sum == [metric(Histogram(bounds: [1], counts: [2, 4], sum: 10))])
    }
}
