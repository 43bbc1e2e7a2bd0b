import NIOCore
import SeawayLog
import SeawayNIO

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// The requests of one event loop that are traced.
final class ServerTracing {
    private let configuration: TracingConfiguration
    private var traces: [UInt64: RequestTrace] = [:]

    init(_ configuration: TracingConfiguration) { self.configuration = configuration }

    /// A request begins.
    ///
    /// - Parameters:
    ///   - told: the trace that its client says it is a part of.
    ///   - isTrusted: whether the client's word that it is kept counts.
    /// - Returns: what workers are told in the place of the client's `traceparent`; `nil` where it is not traced.
    func begin(_ number: UInt64, told: TraceContext?, isTrusted: Bool, names: inout NameSource) -> String? {
        let traceID = told?.traceID ?? (names.nextNonzero(), names.next())
        // A stranger could choose an ID that is always kept.
        let drawn = told == nil || isTrusted ? traceID : (names.next(), names.next())
        guard (told?.isSampled ?? false) && isTrusted || self.configuration.keeps(drawn) else { return nil }
        let trace = RequestTrace(traceID, parent: told?.spanID, names: &names)
        self.traces[number] = trace
        return trace.traceparent
    }

    func wasTaken(_ number: UInt64, at now: NIODeadline) { self.traces[number]?.wasTaken(at: Self.nanoseconds(now)) }

    /// Hands on the spans of a request that has ended.
    ///
    /// - Returns: the ID of its trace; `nil` where it was not traced.
    func end(_ asked: AskedRequest, cut: RequestEnd?, at now: NIODeadline, scheme: String) -> String? {
        guard !self.traces.isEmpty, let trace = self.traces.removeValue(forKey: asked.number) else { return nil }
        let began = Self.nanoseconds(asked.times.began)
        let times = RequestTrace.Times(
            began: began, first: asked.times.firstByte.map { began + $0.nanoseconds },
            ended: began + asked.times.total.nanoseconds,
            worked: asked.took.map { $0.multipliedReportingOverflow(by: 1_000).partialValue },
            clock: Self.unixNanoseconds() - Self.nanoseconds(now))
        var attributes: [FinishedSpan.Attribute] = [
            .init("http.request.method", .text(asked.method.name)), .init("url.path", .text(asked.path)),
            .init("url.scheme", .text(scheme)), .init("http.response.status_code", .integer(Int64(asked.status))),
            .init("http.response.body.size", .integer(Int64(asked.sent))),
        ]
        if let client = asked.client { attributes.append(.init("client.address", .text(client))) }
        if let requestID = asked.requestID { attributes.append(.init("http.request.id", .text(requestID))) }
        if let worker = asked.worker { attributes.append(.init("seaway.worker", .text(worker))) }
        if let cut { attributes.append(.init("seaway.cut", .text(cut.rawValue))) }
        var name = asked.method.name
        if let route = asked.route, !asked.isOwn {
            attributes.append(.init("messaging.destination.name", .text(route.channel)))
            name += " \(route.channel)"
        }
        let failure = cut.map(\.rawValue) ?? (asked.status >= 500 ? "status \(asked.status)" : nil)
        let spans = trace.spans(
            name, times, attributes: attributes, failure: failure, askedWorkers: !asked.isOwn && !asked.isRefused)
        for span in spans { self.configuration.sink.take(span) }
        return trace.context.traceIDText
    }

    private static func nanoseconds(_ time: NIODeadline) -> Int64 { Int64(time.uptimeNanoseconds) }

    /// Now, since 1970.
    private static func unixNanoseconds() -> Int64 {
        var time = timespec()
        clock_gettime(CLOCK_REALTIME, &time)
        return Int64(time.tv_sec) * 1_000_000_000 + Int64(time.tv_nsec)
    }
}

@available(*, unavailable)
extension ServerTracing: Sendable {}
