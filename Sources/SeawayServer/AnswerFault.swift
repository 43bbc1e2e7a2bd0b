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
        case .fieldNotLegal: "a field's name or value is not legal in HTTP"
        case .fieldsTooLarge: "its fields are too large"
        }
    }
}
