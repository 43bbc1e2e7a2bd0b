/// Why nothing behind these bytes can be trusted, so that the connection ends.
///
/// A well-formed frame that is declined is a ``WireRefusal`` instead.
package enum StreamError: Error, Hashable, Sendable {
    /// An empty word, which F1 forbids.
    case emptyWord
    /// A byte outside printable ASCII (F2).
    case byte(UInt8)
    /// A line over its limit (F3).
    case lineTooLong(limit: Int)
    /// The second word begins with `:` but holds no size (F4).
    case size
    /// No LF behind a body (F5).
    case bodyNotEnded
    /// A body too long even to be skipped (F6).
    case bodyBeyondLimit(limit: Int)
    /// A malformed frame of a verb that is never answered, so that it cannot be refused (R4, K1).
    case unanswerable
    /// A refusal before the first frame that was in order (F11).
    case firstFrame

    /// The word behind `BYE`.
    package var reason: EndReason {
        if case .bodyBeyondLimit = self { .limit } else { .line }
    }

    /// For people.
    package var text: String {
        switch self {
        case .emptyWord: "words are separated by one space"
        case .byte(let byte): "byte \(byte) in a line"
        case .lineTooLong(let limit): "a line has at most \(limit) bytes"
        case .size: "a size is decimal, without sign or leading zero"
        case .bodyNotEnded: "no LF behind the body"
        case .bodyBeyondLimit(let limit): "a body over \(limit) bytes"
        case .unanswerable: "READY takes a number up to 1000000000 and a name, PONG nothing"
        case .firstFrame: "this is not the Seaway protocol"
        }
    }
}

/// Why a connection ends: the word behind `BYE`, and whether to come back (PROTOCOL.md, section 3).
package enum EndReason: String, CaseIterable, Hashable, Sendable {
    case shutdown, idle, slow, heartbeat, limit, ended, auth, line

    /// Whether the peer that is told so may connect again.
    package var mayReturn: Bool {
        switch self {
        case .shutdown, .idle, .slow, .heartbeat, .limit, .ended: true
        case .auth, .line: false
        }
    }
}
