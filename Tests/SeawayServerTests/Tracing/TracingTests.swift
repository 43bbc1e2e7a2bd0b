import SeawayLog
import SeawayMessage
import SeawayNIO
import SeawayServer
import SeawayTesting
import Synchronization
import Testing

@Suite("A traced request has spans, and its workers go on with its trace (I84)") struct TracingTests {
    private final class Spans: SpanSink {
        private let kept = Mutex<[FinishedSpan]>([])
        var all: [FinishedSpan] { self.kept.withLock { $0 } }
        func take(_ span: FinishedSpan) { self.kept.withLock { $0.append(span) } }
        subscript(name: String) -> FinishedSpan? { self.all.first { $0.name == name } }
    }

    private static let incoming = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7"

    private func server(
        share: Double, _ spans: Spans, rule: RequestID.Rule = .off, log: LogLines = LogLines()
    ) -> EmbeddedServer {
        EmbeddedServer(log: log) {
            $0.tracing = TracingConfiguration(share: share, sink: spans)
            $0.requestIDs = rule
            $0.accessLog = log.access()
            $0.forwarding.trusted = (try? TrustedPeers("10.0.0.0/8")) ?? TrustedPeers()
        }
    }

    private func traceparent(_ request: Message) -> [String] {
        (request["headers"]?.list ?? []).compactMap { pair in
            guard let name = pair.list?.first?.bytes, String(decoding: name, as: UTF8.self) == "traceparent" else {
                return nil
            }
            return (pair.list?.last?.bytes).map { String(decoding: $0, as: UTF8.self) }
        }
    }

    @Test func itsPartsLieInItOneBehindTheOther() throws {
        let spans = Spans()
        let log = LogLines()
        let server = self.server(share: 1, spans, log: log)
        let client = try server.connect()
        try client.get("/moon?x", "accept: */*\r\n")
        let request = try #require(server.layer.requests.last)
        server.passUnseen(.milliseconds(20))
        server.answer(0, ["status": 200, "content": "a", "more_content": true])
        server.passUnseen(.milliseconds(30))
        #expect(spans.all.isEmpty)
        server.answer(0, ["content": "b"])
        let root = try #require(spans["GET http.request"])
        let work = try #require(spans["work"])
        let answer = try #require(spans["answer"])
        let receive = try #require(spans["receive"])
        #expect(spans.all.count == 4 && root.parent == nil && root.kind == .server && root.failure == nil)
        #expect(root.end - root.start == 50_000_000)
        for part in [receive, work, answer] {
            #expect(part.parent == root.context.spanID && part.context.traceID == root.context.traceID)
        }
        #expect(receive.start == root.start && receive.end <= work.start + 1 && work.end == answer.start)
        #expect(answer.end == root.end && answer.end - answer.start == 30_000_000)
        #expect(Set(spans.all.map(\.context.spanID)).count == 4)
        // What a worker does is a part of `work`.
        #expect(self.traceparent(request) == [work.context.traceparent])
        #expect(work.context.traceparent.hasSuffix("-01"))
        #expect(root.attributes.contains(.init("url.path", .text("/moon"))))
        #expect(root.attributes.contains(.init("http.response.status_code", .integer(200))))
        #expect(log.lines.last?.contains(" trace_id=\(root.context.traceIDText)") == true)
    }

    @Test func aTraceThatCameGoesOn() throws {
        let spans = Spans()
        let server = self.server(share: 0, spans)
        // Of a trusted proxy, whose flag that it is recorded counts.
        try server.connect(from: "10.1.2.3").get("/", "traceparent: \(Self.incoming)-01\r\ntracestate: a=b\r\n")
        server.answer(0, ["status": 500])
        let root = try #require(spans["GET http.request"])
        #expect(root.context.traceIDText == "4bf92f3577b34da6a3ce929d0e0e4736" && root.parent == 0x00f0_67aa_0ba9_02b7)
        #expect(root.failure != nil)
        let request = try #require(server.layer.requests.last)
        #expect(self.traceparent(request).count == 1)
        #expect(
            request["headers"]?.list?.contains([.bytes(Array("tracestate".utf8)), .bytes(Array("a=b".utf8))]) == true)
    }

    @Test(arguments: [
        ("192.0.2.7", "\(incoming)-01"), ("10.1.2.3", "\(incoming)-00"), ("10.1.2.3", "garbage"),
        ("10.1.2.3", "00-00000000000000000000000000000000-00f067aa0ba902b7-01"),
    ])
    func whatIsNotKeptPassesAsItCame(address: String, field: String) throws {
        let spans = Spans()
        let server = self.server(share: 0, spans)
        try server.connect(from: address).get("/", "traceparent: \(field)\r\n")
        #expect(self.traceparent(try #require(server.layer.requests.last)) == [field])
        server.answer(0, ["status": 200])
        #expect(spans.all.isEmpty)
    }

    @Test func strangersDoNotDecideWhatIsKeptButMayNameIt() throws {
        let spans = Spans()
        let server = self.server(share: 1, spans)
        try server.connect().get("/", "traceparent: \(Self.incoming)-00\r\n")
        server.answer(0, ["status": 200])
        #expect(try #require(spans["GET http.request"]).parent == 0x00f0_67aa_0ba9_02b7)
    }

    @Test func whoeverLeavesHasASpanToo() throws {
        let spans = Spans()
        let server = self.server(share: 1, spans)
        let client = try server.connect()
        try client.get("/moon")
        client.leave()
        #expect(try #require(spans["GET http.request"]).failure == "left")
        #expect(spans["work"] != nil && spans["answer"] == nil)
    }

    @Test(arguments: [(0.0, 0), (1.0, 10_000), (0.25, 2_500)])
    func soManyAreKeptAsAreAskedFor(share: Double, expected: Int) {
        let tracing = TracingConfiguration(share: share, sink: Spans())
        var names = NameSource(seed: (1, 2, 3, 4))
        let kept = (0..<10_000).count { _ in tracing.keeps((names.next(), names.next())) }
        #expect(abs(kept - expected) <= (share > 0 && share < 1 ? 200 : 0))
    }

    @Test func whatAWorkerHasToldSplitsItsTimeFromTheQueues() throws {
        var names = NameSource(seed: (1, 2, 3, 4))
        var trace = RequestTrace((1, 2), parent: 3, names: &names)
        trace.wasTaken(at: 110)
        let times = RequestTrace.Times(began: 100, first: 200, ended: 230, worked: 50)
        let spans = trace.spans("GET", times, attributes: [], failure: nil, askedWorkers: true)
        #expect(spans.map(\.name) == ["GET", "receive", "queue", "work", "answer"])
        #expect(spans.map(\.start) == [100, 100, 110, 150, 200] && spans.map(\.end) == [230, 110, 150, 200, 230])
    }
}

@Suite struct TraceContextTests {
    @Test(arguments: [
        ("00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01", true),
        ("00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-00", true),
        ("cc-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01-what-comes-later", true),
        ("cc-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01.x", false),
        ("ff-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01", false),
        ("00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01-", false),
        ("00-4BF92F3577B34DA6A3CE929D0E0E4736-00f067aa0ba902b7-01", false),
        ("00-00000000000000000000000000000000-00f067aa0ba902b7-01", false),
        ("00-4bf92f3577b34da6a3ce929d0e0e4736-0000000000000000-01", false),
        ("00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7", false), ("", false),
        ("00_4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01", false),
    ])
    func isReadAsTheRecommendationSays(text: String, isGood: Bool) throws {
        let context = TraceContext(traceparent: text)
        #expect((context != nil) == isGood)
        guard let context else { return }
        #expect(context.traceIDText == "4bf92f3577b34da6a3ce929d0e0e4736" && context.spanIDText == "00f067aa0ba902b7")
        #expect(context.isSampled == !text.hasSuffix("-00"))
        #expect(TraceContext(traceparent: context.traceparent) == context)
    }
}
