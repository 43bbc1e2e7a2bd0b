#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

extension HTTPRequest {
    /// Decodes the body from JSON: `let order = try await request.decode(Order.self)`.
    ///
    /// - Throws: `DecodingError`; as ``RequestBody/collect(upTo:)`` does.
    public func decode<Content: Decodable>(
        _ type: Content.Type = Content.self, upTo limit: Int = RequestBody.mostCollected
    ) async throws -> Content {
        try JSONDecoder().decode(type, from: Data(try await self.body.collect(upTo: limit)))
    }
}

extension HTTPResponse {
    /// Encodes a value as JSON: `try .json(encoding: order)`.
    ///
    /// - Throws: `EncodingError`.
    public static func json(encoding content: some Encodable, status: Int = 200) throws -> HTTPResponse {
        HTTPResponse(
            status: status, headers: [("content-type", "application/json")],
            content: Array(try JSONEncoder().encode(content)))
    }
}
