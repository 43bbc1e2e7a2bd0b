package import SeawayLog

/// Spans as the body of a request of OTLP over HTTP, in JSON (opentelemetry-proto 1, `ExportTraceServiceRequest`).
package struct OTLPDocument: Sendable {
    /// Bytes of a text that are kept.
    private static let longest = 4_096

    /// What every span of this process says: `service.name` and others.
    private let resource: String

    /// - Parameter resource: of whom the spans are.
    package init(resource: [FinishedSpan.Attribute]) {
        var object = JSONLine(longest: Self.longest)
        object.add("attributes", json: Self.attributes(resource))
        self.resource = object.object
    }

    package func body(of spans: [FinishedSpan]) -> String {
        let list = spans.map(Self.span).joined(separator: ",")
        return #"{"resourceSpans":[{"resource":\#(self.resource),"scopeSpans":[{"scope":{"name":"seaway"},"spans":["#
            + list + "]}]}]}"
    }

    private static func span(_ span: FinishedSpan) -> String {
        var object = JSONLine(longest: Self.longest)
        object.add("traceId", span.context.traceIDText)
        object.add("spanId", span.context.spanIDText)
        if let parent = span.parent { object.add("parentSpanId", Hexadecimal.text(parent)) }
        object.add("name", span.name)
        object.add("kind", span.kind.rawValue)
        // 64 bits are written as text.
        object.add("startTimeUnixNano", String(span.start))
        object.add("endTimeUnixNano", String(max(span.start, span.end)))
        object.add("attributes", json: Self.attributes(span.attributes))
        if let failure = span.failure {
            var status = JSONLine(longest: Self.longest)
            status.add("code", 2)
            status.add("message", failure)
            object.add("status", json: status.object)
        }
        return object.object
    }

    private static func attributes(_ attributes: [FinishedSpan.Attribute]) -> String {
        let list = attributes.map { attribute in
            var value = JSONLine(longest: Self.longest)
            switch attribute.value {
            case .text(let text): value.add("stringValue", text)
            case .integer(let number): value.add("intValue", String(number))
            case .decimal(let number) where number.isFinite: value.add("doubleValue", json: "\(number)")
            case .decimal(let number): value.add("stringValue", "\(number)")
            case .bool(let isTrue): value.add("boolValue", json: isTrue ? "true" : "false")
            }
            var object = JSONLine(longest: Self.longest)
            object.add("key", attribute.name)
            object.add("value", json: value.object)
            return object.object
        }
        return "[" + list.joined(separator: ",") + "]"
    }
}
