/// What a worker's first message means for a handshake (protocol/INTERFACE.md, W7).
package enum SocketDecision: Hashable, Sendable {
    /// Accept, then do what else the message holds.
    case accept
    /// Refuse; status, fields and content are those of an HTTP answer.
    case refuse
    case malformed(SocketMessageFault)

    package init(_ message: SocketMessage) {
        switch message.accept {
        case true?: self = .accept
        case false?: self = .refuse
        case nil where message.data != nil: self = .accept
        case nil where message.close != nil: self = .refuse
        case nil: self = .malformed(message.isEmpty(for: .handshake))
        }
    }
}
