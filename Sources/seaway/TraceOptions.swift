import ArgumentParser
import Logging
import SeawayServer
import SeawayTracing
import ServiceLifecycle

/// Which requests are traced, and who gets the spans.
struct TraceOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "Collector that gets spans by OTLP over HTTP, such as http://127.0.0.1:4318; nothing is traced unless given.",
            valueName: "url"))
    var traceEndpoint: TraceEndpointOption?

    @Option(
        help: ArgumentHelp(
            """
            Share, 0 to 1, of requests that are traced though no trusted proxy has asked for it.
            """,
            valueName: "share"))
    var traceSample = 0.01

    @Option(help: ArgumentHelp("What spans say as service.name.", valueName: "name"))
    var traceService = "seaway"

    @Option(
        help: ArgumentHelp(
            "What else spans say of this process, such as deployment.environment.name=test; repeat it.",
            valueName: "name=value"))
    var traceResource: [TraceResourceOption] = []

    @Option(help: .count("Spans that wait to be sent; more are dropped and counted."))
    var traceQueue = 4_096

    @Option(help: .count("Spans in one request to the collector."))
    var traceBatch = 512

    @Option(help: .time("How long spans wait for others to be sent with."))
    var traceInterval = TimeOption(milliseconds: 1_000)

    @Option(
        help: .time("How long spans are sent again that the collector does not take for now; 0: they are sent once."))
    var traceRetry = TimeOption(milliseconds: 60_000)

    @Option(help: .time("How long the collector may take to answer."))
    var traceTimeout = TimeOption(milliseconds: 5_000)

    func validate() throws {
        guard (0...1).contains(self.traceSample) else {
            throw ValidationError("--trace-sample is \(self.traceSample); allowed is 0 to 1.")
        }
        for (name, count) in [("trace-queue", self.traceQueue), ("trace-batch", self.traceBatch)]
        where !(1...1_000_000).contains(count) {
            throw ValidationError("--\(name) is \(count); allowed is 1 to 1000000.")
        }
        for (name, time) in [("trace-interval", self.traceInterval), ("trace-timeout", self.traceTimeout)]
        where !(1...3_600_000).contains(time.milliseconds) {
            throw ValidationError("--\(name) is \(time); allowed is 1ms to 1h.")
        }
    }

    /// What sends spans, where they are sent.
    func makeExporter(_ logger: Logger) -> OTLPExporter? {
        guard var configuration = self.traceEndpoint?.configuration else { return nil }
        configuration.service = self.traceService
        configuration.resource = self.traceResource.map { ($0.name, $0.value) }
        configuration.maxWaiting = self.traceQueue
        configuration.batch = min(self.traceBatch, self.traceQueue)
        configuration.interval = self.traceInterval.duration
        configuration.retry = self.traceRetry.duration
        configuration.timeout = self.traceTimeout.duration
        return OTLPExporter(configuration, logger: logger)
    }

    /// What is to be run with the rest.
    func services(_ exporter: OTLPExporter?) -> [any Service] { exporter.map { [$0] } ?? [] }

    func configuration(of exporter: OTLPExporter?) -> TracingConfiguration? {
        exporter.map { TracingConfiguration(share: self.traceSample, sink: $0) }
    }
}

extension OTLPExporter {
    /// What became of spans.
    var metrics: [Metric] {
        let counts = self.counts
        return [
            Metric("seaway_trace_spans_sent_total", "Spans that the collector has taken.", counts.sent),
            Metric("seaway_trace_retries_total", "Requests to the collector that were sent again.", counts.retried),
            Metric(
                "seaway_trace_spans_dropped_total", "Spans that it did not get.",
                by: [("full", counts.full), ("failed", counts.failed)]),
        ]
    }
}

/// An `http` or `https` URL of a collector.
struct TraceEndpointOption: CheckedArgument {
    let configuration: OTLPConfiguration

    init(checking argument: String) throws {
        guard let configuration = OTLPConfiguration(endpoint: argument) else {
            throw ValidationError("a collector is http://HOST:PORT or https://HOST:PORT, maybe with a path behind it.")
        }
        self.configuration = configuration
    }
}

/// `NAME=VALUE`
struct TraceResourceOption: CheckedArgument {
    let name: String
    let value: String

    init(checking argument: String) throws {
        guard let equals = argument.firstIndex(of: "="), equals > argument.startIndex else {
            throw ValidationError(
                "what spans say of this process is a name, = and a value: deployment.environment.name=test.")
        }
        self.name = String(argument[..<equals])
        self.value = String(argument[argument.index(after: equals)...])
    }
}
