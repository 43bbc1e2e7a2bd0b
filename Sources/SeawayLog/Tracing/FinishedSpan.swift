/// One span of a trace that is over: what was done, of what it is a part, and from when to when.
package struct FinishedSpan: Hashable, Sendable {
    /// By the numbers of OTLP.
    package enum Kind: Int, Hashable, Sendable {
        case `internal` = 1
        case server, client, producer, consumer
    }

    package enum Value: Hashable, Sendable {
        case text(String)
        case integer(Int64)
        case decimal(Double)
        case bool(Bool)
    }

    package struct Attribute: Hashable, Sendable {
        package let name: String
        package let value: Value

        package init(_ name: String, _ value: Value) {
            self.name = name
            self.value = value
        }
    }

    /// With its own span ID.
    package var context: TraceContext
    /// Of the span that it is a part of; `nil` of the first of its trace.
    package var parent: UInt64?
    package var name: String
    package var kind: Kind
    /// Nanoseconds since 1970.
    package var start: Int64
    package var end: Int64
    package var attributes: [Attribute]
    /// What went wrong, in words for people; `nil`: nothing.
    package var failure: String?

    package init(
        _ name: String, _ kind: Kind, _ context: TraceContext, parent: UInt64?, start: Int64, end: Int64,
        attributes: [Attribute] = [], failure: String? = nil
    ) {
        self.name = name
        self.kind = kind
        self.context = context
        self.parent = parent
        self.start = start
        self.end = end
        self.attributes = attributes
        self.failure = failure
    }
}

/// What keeps spans, or hands them on; it never waits, and drops and counts what it has no room for.
package protocol SpanSink: Sendable {
    func take(_ span: FinishedSpan)
}
