#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

extension HTTPRequest {
    /// Decodes the body from JSON: `let order = try request.decode(Order.self)`.
    ///
    /// - Throws: `DecodingError`.
    public func decode<Content: Decodable>(_ type: Content.Type = Content.self) throws -> Content {
        try JSONDecoder().decode(type, from: Data(self.body))
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
