import SeawayMessage
import Tracing

extension WorkerRun {
    /// Has a request answered within a span of the trace that the interface server has named (INTERFACE.md, I84).
    ///
    /// - Throws: what the responder throws.
    func respond(to request: HTTPRequest, by responder: any Responder) async throws -> HTTPResponse {
        guard let tracer = self.tracer else { return try await responder.respond(to: request) }
        return try await Self.respond(to: request, by: responder, tracer)
    }

    private static func respond(
        to request: HTTPRequest, by responder: any Responder, _ tracer: some Tracer
    ) async throws -> HTTPResponse {
        var context = ServiceContext.topLevel
        tracer.extract(request.headers, into: &context, using: FieldExtractor())
        return try await tracer.withSpan(
            "\(request.method) \(request.incoming.channel)", context: context, ofKind: .server
        ) { span in
            span.updateAttributes { attributes in
                attributes["http.request.method"] = request.method
                attributes["url.path"] = request.path
                if let requestID = request.requestID { attributes["http.request.id"] = requestID }
            }
            let response = try await responder.respond(to: request)
            span.updateAttributes { $0["http.response.status_code"] = response.status }
            if response.status >= 500 { span.setStatus(.init(code: .error, message: "status \(response.status)")) }
            return response
        }
    }
}

/// Finds what of a trace stands in the fields of a request.
private struct FieldExtractor: Extractor {
    func extract(key: String, from fields: [(name: String, value: String)]) -> String? {
        let key = key.lowercased()
        return fields.first { $0.name == key }?.value
    }
}
