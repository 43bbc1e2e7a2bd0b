import NIOHTTP1
package import SeawayMessage

/// What somebody wants to have sent: `{"channel": NAME, "body": MAP}`.
package struct SendOrder: Hashable, Sendable {
    package let name: String
    package let payload: Payload

    /// - Parameter key: of the name: `channel` or `group`.
    package init(_ body: [UInt8], _ key: String) throws(AdminRefusal) {
        let order = try Message(order: body)
        guard let name = order[key]?.string, !name.isEmpty else {
            throw .badRequest("\(key) is missing: {\"\(key)\": NAME, \"body\": MAP}")
        }
        guard let map = order["body"]?.map else {
            throw AdminRefusal(.badRequest, "payload", "body is a map: {\"\(key)\": NAME, \"body\": {…}}")
        }
        self.name = name
        self.payload = map.payload
    }
}

extension Message {
    /// A body in JSON.
    init(order body: [UInt8]) throws(AdminRefusal) {
        guard let text = String(validating: body, as: UTF8.self) else { throw .badRequest("the body is no UTF-8") }
        do {
            self = try Message(json: text)
        } catch {
            throw .badRequest("the body is no JSON map: \(error)")
        }
    }
}
