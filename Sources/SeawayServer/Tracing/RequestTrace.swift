package import SeawayLog

/// The spans of one request (protocol/INTERFACE.md, I84). Time is given in nanoseconds since any start, the same for
/// all.
///
/// The first is the request's; in it lie `receive` (until a broker has it), `queue` (until a worker has it, where the
/// worker has told), `work` (until the first message of the answer, which the worker's own spans are parts of) and
/// `answer` (until the last).
package struct RequestTrace: Sendable {
    /// With the span ID of the request's span.
    package let context: TraceContext
    /// What it is a part of, at the client's.
    private let parent: UInt64?
    /// Of the span that workers' spans are parts of.
    private let work: UInt64
    private let others: (receive: UInt64, queue: UInt64, answer: UInt64)
    /// When a broker had it.
    private var taken: Int64?

    package init(_ traceID: (high: UInt64, low: UInt64), parent: UInt64?, names: inout NameSource) {
        self.context = TraceContext(traceID: traceID, spanID: names.nextNonzero(), isSampled: true)
        self.parent = parent
        self.work = names.nextNonzero()
        self.others = (names.nextNonzero(), names.nextNonzero(), names.nextNonzero())
    }

    /// What workers are told.
    package var traceparent: String { self.child(self.work).traceparent }

    private func child(_ spanID: UInt64) -> TraceContext {
        TraceContext(traceID: self.context.traceID, spanID: spanID, isSampled: true)
    }

    package mutating func wasTaken(at time: Int64) { if self.taken == nil { self.taken = time } }

    /// When something happened to a request.
    package struct Times: Hashable, Sendable {
        package var began: Int64
        /// When the first message of its answer was there.
        package var first: Int64?
        package var ended: Int64
        /// Nanoseconds for which a worker had it until then, where it has told.
        package var worked: Int64?
        /// Where the clock of all of them began, since 1970.
        package var clock: Int64

        package init(began: Int64, first: Int64?, ended: Int64, worked: Int64? = nil, clock: Int64 = 0) {
            self.began = began
            self.first = first
            self.ended = ended
            self.worked = worked
            self.clock = clock
        }
    }

    /// All of its spans.
    ///
    /// - Parameter askedWorkers: whether it was sent to them.
    package func spans(
        _ name: String, _ times: Times, attributes: [FinishedSpan.Attribute], failure: String?, askedWorkers: Bool
    ) -> [FinishedSpan] {
        var spans = [
            FinishedSpan(
                name, .server, self.context, parent: self.parent, start: times.clock + times.began,
                end: times.clock + times.ended, attributes: attributes, failure: failure)
        ]
        func add(_ name: String, _ spanID: UInt64, _ kind: FinishedSpan.Kind, from start: Int64, to end: Int64) {
            spans.append(
                FinishedSpan(
                    name, kind, self.child(spanID), parent: self.context.spanID, start: times.clock + start,
                    end: times.clock + max(start, end)))
        }
        guard askedWorkers else { return spans }
        let first = times.first ?? times.ended
        // An answer may be faster than the broker's.
        let taken = min(self.taken ?? first, first)
        add("receive", self.others.receive, .internal, from: times.began, to: taken)
        var begun = taken
        if let worked = times.worked {
            begun = max(taken, first - worked)
            add("queue", self.others.queue, .internal, from: taken, to: begun)
        }
        add("work", self.work, .client, from: begun, to: first)
        if times.first != nil { add("answer", self.others.answer, .internal, from: first, to: times.ended) }
        return spans
    }
}
