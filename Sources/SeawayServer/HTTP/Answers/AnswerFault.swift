/// Why an answer of a worker is not passed on (protocol/INTERFACE.md, I15).
package enum AnswerFault: Error, Hashable, Sendable {
    /// The body is not a message at all.
    case notAMessage
    /// A field has another type than its table says.
    case wrongType(field: String)
    case noStatus
    case statusOutOfRange(Int)
    case secondStatus
    case hole(expected: Int, offset: Int)
    case overlap(expected: Int, offset: Int)
    /// More or less content than its `content-length` says (I13).
    case otherLength(expected: Int, received: Int)
    /// Not a token, or a control character in the value.
    case fieldNotLegal
    case fieldsTooLarge
    /// `disconnect_channel` is none of a worker's own (I27).
    case disconnectChannel
}

extension AnswerFault: CustomStringConvertible {
    /// For people: what a worker has to mend.
    package var description: String {
        switch self {
        case .notAMessage: "it is no message"
        case .wrongType(let field): "\(field) has the wrong type"
        case .noStatus: "it has no status"
        case .statusOutOfRange(let status): "its status is \(status); allowed is 200 to 599"
        case .secondStatus: "it has a status, and the answer has begun"
        case .hole(let expected, let offset): "its offset is \(offset), and \(expected) is next"
        case .overlap(let expected, let offset): "its offset is \(offset), and \(expected) is next"
        case .otherLength(let expected, let received):
            "its content-length is \(expected), and \(received) bytes \(received > expected ? "have come" : "are all")"
        case .fieldNotLegal: "a field's name or value is not legal in HTTP"
        case .fieldsTooLarge: "its fields are too large"
        case .disconnectChannel: "its disconnect_channel is not of the form http.disconnect.WORKER!NUMBER"
        }
    }
}
