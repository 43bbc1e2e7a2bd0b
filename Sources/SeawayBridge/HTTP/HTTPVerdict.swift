package import NIOHTTP1
package import SeawayMessage
import SeawayNIO
import SeawayWire

/// How a request is answered (BRIDGES.md, B22).
package enum HTTPVerdict: Hashable, Sendable {
    /// It is on the channel.
    case accepted
    /// It was sent to the group's members.
    case sent(GroupCounts)
    case malformed
    /// It is no HTTP/1.1, or has not exactly one `Host` that is a host.
    case badRequest
    /// Its head is larger than any that is taken.
    case headTooLarge
    /// A method or a transfer coding that is not known.
    case notImplemented
    case unauthorized
    case forbidden
    case notFound
    /// Where the path names a group or a channel that cannot be: what is allowed, and what was given.
    case illegalName(String)
    case methodNotAllowed
    /// What is allowed, and what was given, if that is known.
    case tooLarge(String)
    case unsupportedType
    /// Stored or not.
    case unknown
    /// Nothing was stored: no room, or no broker.
    case unavailable(String)

    package init(_ answer: DestinationAnswer) {
        switch answer {
        case .sent(nil): self = .accepted
        case .sent(let counts?): self = .sent(counts)
        case .failed(let failure):
            switch failure.reason {
            case .payload: self = .malformed
            case .size: self = .tooLarge(failure.detail)
            case .name: self = .illegalName(failure.detail)
            case .unknown: self = .unknown
            case let reason: self = .unavailable(reason.rawValue)
            }
        }
    }

    /// What is no request, or none that is taken; `nil` where there is nobody to answer.
    package init?(refusing error: any Error) {
        switch HTTPResponseStatus(refusing: error) {
        case nil: return nil
        case .notImplemented: self = .notImplemented
        case .requestHeaderFieldsTooLarge: self = .headTooLarge
        default: self = .badRequest
        }
    }

    package var status: HTTPResponseStatus {
        switch self {
        case .accepted: .accepted
        case .sent: .ok
        case .malformed, .badRequest: .badRequest
        case .headTooLarge: .requestHeaderFieldsTooLarge
        case .notImplemented: .notImplemented
        case .unauthorized: .unauthorized
        case .forbidden: .forbidden
        case .notFound, .illegalName: .notFound
        case .methodNotAllowed: .methodNotAllowed
        case .tooLarge: .payloadTooLarge
        case .unsupportedType: .unsupportedMediaType
        case .unknown: .badGateway
        case .unavailable: .serviceUnavailable
        }
    }

    /// The field that the status calls for.
    package var field: (name: String, value: String)? {
        switch self {
        case .unauthorized: ("www-authenticate", "Bearer")
        case .methodNotAllowed: ("allow", "POST")
        case .unavailable: ("retry-after", "1")
        default: nil
        }
    }

    static func tooLarge(limit: Int, given: Int) -> HTTPVerdict {
        .tooLarge(WireRefusal.sizeText(limit: limit, given: given))
    }

    /// A JSON map, with counts or with an error.
    package var body: Message {
        switch self {
        case .accepted: ["sent": 1]
        case .sent(let counts):
            ["sent": .int(Int64(counts.sent)), "full": .int(Int64(counts.full)), "gone": .int(Int64(counts.gone))]
        case .malformed: ["error": "payload"]
        case .badRequest, .headTooLarge, .notImplemented: ["error": "request"]
        case .unauthorized: ["error": "credentials"]
        case .forbidden: ["error": "denied"]
        case .notFound: ["error": "name"]
        case .illegalName(let text): ["error": "name", "text": .string(text)]
        case .methodNotAllowed: ["error": "method"]
        case .tooLarge(let text): ["error": "size", "text": .string(text)]
        case .unsupportedType: ["error": "type"]
        case .unknown: ["error": "unknown"]
        case .unavailable(let reason): ["error": .string(reason)]
        }
    }

    /// Under what it is counted; nil for what was sent.
    package var drop: BridgeDrop? {
        switch self {
        case .accepted, .sent: nil
        case .malformed, .unsupportedType: .payload
        case .badRequest, .headTooLarge, .notImplemented, .unauthorized, .forbidden, .methodNotAllowed: .refused
        case .notFound, .illegalName: .name
        case .tooLarge: .size
        case .unknown: .unknown
        case .unavailable(let reason): BridgeDrop(rawValue: reason) ?? .refused
        }
    }
}
