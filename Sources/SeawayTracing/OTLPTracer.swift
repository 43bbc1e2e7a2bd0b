package import SeawayLog
import Synchronization
public import Tracing

/// A tracer of swift-distributed-tracing whose spans go to an ``OTLPExporter``.
///
/// Traces are carried in `traceparent` (W3C Trace Context). Of a trace that nobody keeps nothing is recorded; one that
/// begins here is kept for the share of them that is asked for.
public struct OTLPTracer: Tracer {
    public typealias Span = OTLPSpan

    private final class Names: Sendable {
        private let source = Mutex(NameSource())

        func next() -> UInt64 { self.source.withLock { $0.nextNonzero() } }
    }

    private let sink: any SpanSink
    private let names = Names()
    private let share: Double

    /// - Parameter share: of the traces that begin here, 0 to 1.
    public init(_ exporter: OTLPExporter, share: Double = 0) { self.init(sink: exporter, share: share) }

    package init(sink: any SpanSink, share: Double) {
        self.sink = sink
        self.share = share
    }

    public func startSpan<Instant: TracerInstant>(
        _ operationName: String, context: @autoclosure () -> ServiceContext, ofKind kind: SpanKind,
        at instant: @autoclosure () -> Instant, function: String, file fileID: String, line: UInt
    ) -> OTLPSpan {
        var context = context()
        let parent = context[TraceContextKey.self]
        var own = TraceContext(
            traceID: (self.names.next(), self.names.next()), spanID: self.names.next(), isSampled: false)
        if let parent {
            own.traceID = parent.traceID
            own.isSampled = parent.isSampled
        } else {
            own.isSampled = Double(own.traceID.low >> 11) * 0x1p-53 < self.share
        }
        context[TraceContextKey.self] = own
        return OTLPSpan(
            operationName, kind, own, parent: parent?.spanID, context, start: instant().nanosecondsSinceEpoch,
            sink: own.isSampled ? self.sink : nil)
    }

    public func forceFlush() {}

    public func extract<Carrier, Extract: Extractor>(
        _ carrier: Carrier, into context: inout ServiceContext, using extractor: Extract
    ) where Extract.Carrier == Carrier {
        guard let text = extractor.extract(key: "traceparent", from: carrier),
            let trace = TraceContext(traceparent: text)
        else { return }
        context[TraceContextKey.self] = trace
    }

    public func inject<Carrier, Inject: Injector>(
        _ context: ServiceContext, into carrier: inout Carrier, using injector: Inject
    ) where Inject.Carrier == Carrier {
        guard let trace = context[TraceContextKey.self] else { return }
        injector.inject(trace.traceparent, forKey: "traceparent", into: &carrier)
    }
}

/// Under which a context keeps the trace that it belongs to.
private enum TraceContextKey: ServiceContextKey {
    typealias Value = TraceContext
    static var nameOverride: String? { "seaway-trace" }
}

/// One span while it lasts.
public final class OTLPSpan: Span {
    private struct State {
        var name: String
        var attributes = SpanAttributes()
        var failure: String?
        var hasEnded = false
    }

    public let context: ServiceContext
    private let trace: TraceContext
    private let parent: UInt64?
    private let kind: FinishedSpan.Kind
    private let start: UInt64
    /// `nil` where nobody keeps it.
    private let sink: (any SpanSink)?
    private let state: Mutex<State>

    fileprivate init(
        _ name: String, _ kind: SpanKind, _ trace: TraceContext, parent: UInt64?, _ context: ServiceContext,
        start: UInt64, sink: (any SpanSink)?
    ) {
        self.context = context
        self.trace = trace
        self.parent = parent
        self.start = start
        self.sink = sink
        self.kind =
            switch kind {
            case .server: .server
            case .client: .client
            case .producer: .producer
            case .consumer: .consumer
            case .internal: .internal
            }
        self.state = Mutex(State(name: name))
    }

    public var isRecording: Bool { self.sink != nil && self.state.withLock { !$0.hasEnded } }

    public var operationName: String {
        get { self.state.withLock(\.name) }
        set { self.state.withLock { $0.name = newValue } }
    }

    public var attributes: SpanAttributes {
        get { self.state.withLock(\.attributes) }
        set { self.state.withLock { $0.attributes = newValue } }
    }

    public func setStatus(_ status: SpanStatus) {
        self.state.withLock { state in
            // An error that was recorded says more than that there is one.
            state.failure = status.code == .error ? status.message ?? state.failure ?? "error" : nil
        }
    }

    /// Not kept: a span says when it began and ended.
    public func addEvent(_ event: SpanEvent) {}

    /// Not kept.
    public func addLink(_ link: SpanLink) {}

    public func recordError<Instant: TracerInstant>(
        _ error: any Error, attributes: SpanAttributes, at instant: @autoclosure () -> Instant
    ) {
        self.state.withLock { $0.failure = "\(error)" }
    }

    public func end<Instant: TracerInstant>(at instant: @autoclosure () -> Instant) {
        let ended = self.state.withLock { state -> State? in
            guard !state.hasEnded else { return nil }
            state.hasEnded = true
            return state
        }
        guard let ended, let sink = self.sink else { return }
        var attributes: [FinishedSpan.Attribute] = []
        ended.attributes.forEach { name, value in
            guard let value = Self.value(value) else { return }
            attributes.append(.init(name, value))
        }
        sink.take(
            FinishedSpan(
                ended.name, self.kind, self.trace, parent: self.parent, start: Int64(clamping: self.start),
                end: Int64(clamping: instant().nanosecondsSinceEpoch), attributes: attributes, failure: ended.failure))
    }

    private static func value(_ attribute: SpanAttribute) -> FinishedSpan.Value? {
        switch attribute {
        case .int32(let number): .integer(Int64(number))
        case .int64(let number): .integer(number)
        case .double(let number): .decimal(number)
        case .bool(let isTrue): .bool(isTrue)
        case .string(let text): .text(text)
        case .stringConvertible(let other): .text("\(other)")
        default: nil
        }
    }
}
