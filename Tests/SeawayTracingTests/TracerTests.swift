import SeawayLog
import SeawayTracing
import Synchronization
import Testing
import Tracing

@Suite struct TracerTests {
    private final class Spans: SpanSink {
        private let kept = Mutex<[FinishedSpan]>([])
        var all: [FinishedSpan] { self.kept.withLock { $0 } }
        func take(_ span: FinishedSpan) { self.kept.withLock { $0.append(span) } }
    }

    private struct Fields: Extractor, Injector {
        func extract(key: String, from carrier: [String: String]) -> String? { carrier[key] }
        func inject(_ value: String, forKey key: String, into carrier: inout [String: String]) { carrier[key] = value }
    }

    private static let traceparent = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7"

    @Test func aSpanIsAPartOfTheTraceThatCame() throws {
        let spans = Spans()
        let tracer = OTLPTracer(sink: spans, share: 0)
        var context = ServiceContext.topLevel
        tracer.extract(["traceparent": Self.traceparent + "-01"], into: &context, using: Fields())
        var onward: [String: String] = [:]
        tracer.withSpan("outer", context: context, ofKind: .server) { span in
            span.attributes["n"] = 7
            tracer.withSpan("inner") { tracer.inject($0.context, into: &onward, using: Fields()) }
        }
        #expect(spans.all.map(\.name) == ["inner", "outer"])
        let (inner, outer) = (spans.all[0], spans.all[1])
        #expect(
            outer.context.traceIDText == "4bf92f3577b34da6a3ce929d0e0e4736" && outer.parent == 0x00f0_67aa_0ba9_02b7)
        #expect(outer.kind == .server && outer.attributes == [.init("n", .integer(7))] && outer.start <= outer.end)
        #expect(inner.parent == outer.context.spanID && inner.context.traceID == outer.context.traceID)
        #expect(onward["traceparent"] == inner.context.traceparent)
    }

    @Test func ofATraceThatNobodyKeepsNothingIsRecorded() {
        let spans = Spans()
        let tracer = OTLPTracer(sink: spans, share: 1)
        var context = ServiceContext.topLevel
        tracer.extract(["traceparent": Self.traceparent + "-00"], into: &context, using: Fields())
        tracer.withSpan("a", context: context) { #expect(!$0.isRecording) }
        #expect(spans.all.isEmpty)
        tracer.withSpan("b", context: .topLevel) { #expect($0.isRecording) }
        #expect(spans.all.count == 1 && spans.all[0].parent == nil)
    }

    private struct Broken: Error {}

    @Test func whatFailsSaysSo() {
        let spans = Spans()
        let tracer = OTLPTracer(sink: spans, share: 1)
        #expect(throws: Broken.self) { try tracer.withSpan("a", context: .topLevel) { _ in throw Broken() } }
        #expect(spans.all.first?.failure?.contains("Broken") == true)
    }
}
