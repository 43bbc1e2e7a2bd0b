package import NIOHTTP1
package import SeawayMessage

/// What a request is answered with, whole.
package struct AdminAnswer: Hashable, Sendable {
    package var status: HTTPResponseStatus
    package var type: String
    package var body: [UInt8]
    /// Fields that the status calls for.
    package var fields: [Field] = []

    package struct Field: Hashable, Sendable {
        package let name: String
        package let value: String

        package init(name: String, value: String) {
            self.name = name
            self.value = value
        }
    }

    package init(_ status: HTTPResponseStatus, type: String, body: [UInt8]) {
        self.status = status
        self.type = type
        self.body = body
    }

    package static func json(_ message: Message, _ status: HTTPResponseStatus = .ok) -> AdminAnswer {
        AdminAnswer(status, type: "application/json", body: Array((message.json + "\n").utf8))
    }

    package static func text(_ text: String, _ status: HTTPResponseStatus = .ok) -> AdminAnswer {
        AdminAnswer(status, type: "text/plain; charset=utf-8", body: Array((text + "\n").utf8))
    }

    /// A page of the console may load nothing but what stands here, and stand in no other page.
    static let security = [
        ("cache-control", "no-store"),
        ("content-security-policy", "default-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"),
        ("cross-origin-opener-policy", "same-origin"),
        ("cross-origin-resource-policy", "same-origin"),
        ("referrer-policy", "no-referrer"),
        ("x-content-type-options", "nosniff"),
        ("x-frame-options", "DENY"),
    ]
}

/// Why a request is not done: a fixed word for programs, and what people are told.
package struct AdminRefusal: Error, Hashable, Sendable {
    package let status: HTTPResponseStatus
    /// `bad-request`, `not-found`, `unauthorized` …, or a broker's own word (PROTOCOL.md, section 3).
    package let code: String
    package let text: String
    /// For `Allow`.
    package var allowed: String?

    package init(_ status: HTTPResponseStatus, _ code: String, _ text: String, allowed: String? = nil) {
        self.status = status
        self.code = code
        self.text = text
        self.allowed = allowed
    }

    /// What a broker has refused.
    package init(_ refusal: Refusal) {
        let status: HTTPResponseStatus =
            switch refusal.code {
            case "denied", "auth": .forbidden
            case "size": .payloadTooLarge
            case "away", "gone": .conflict
            case "unknown": .notImplemented
            case "full", "limit", "closing", "store", "maybe", "unreachable": .serviceUnavailable
            default: .badRequest
            }
        self.init(status, refusal.code, refusal.text.isEmpty ? refusal.code : refusal.text)
    }

    package static func badRequest(_ text: String) -> AdminRefusal { AdminRefusal(.badRequest, "bad-request", text) }

    package static let outcomeUnknown = AdminRefusal(
        .badGateway, "maybe", "the broker has not answered: it may have been done")

    package var answer: AdminAnswer {
        var answer = AdminAnswer.json(
            ["error": ["code": .string(self.code), "text": .string(self.text)]], self.status)
        if let allowed { answer.fields.append(.init(name: "allow", value: allowed)) }
        if self.status == .unauthorized { answer.fields.append(.init(name: "www-authenticate", value: "Bearer")) }
        if self.status == .serviceUnavailable { answer.fields.append(.init(name: "retry-after", value: "1")) }
        return answer
    }
}
