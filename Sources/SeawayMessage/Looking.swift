/// What may be looked at without touching it (PROTOCOL.md, section 4, MEMBERS, PEEK and STATS).
package enum Look: Hashable, Sendable {
    /// The broker as a whole.
    case totals
    case channels
    case groups
    case connections
    /// Who is in a group.
    case members(of: String)
    /// What waits on a channel.
    case channel(String)

    /// The key of the list that is cut into pages, if the answer has one.
    package var list: String? {
        switch self {
        case .totals: nil
        case .channels: "channels"
        case .groups: "groups"
        case .connections: "connections"
        case .members: "members"
        case .channel: "head"
        }
    }
}

/// What became of a look.
package enum LookAnswer: Hashable, Sendable {
    /// The JSON map behind `DATA`.
    case data([UInt8])
    case refused(Refusal)
    /// The connection broke before the answer.
    case unknown
}

/// What comes to one who looks on (PROTOCOL.md, TAIL).
package enum TailEvent: Sendable {
    /// A message that passes.
    case copy(Delivery)
    /// So many copies were not shown, for want of room.
    case missed(Int)
    /// Looking on is in force, also on a new connection.
    case started
    /// The connection is lost; what passes meanwhile is not seen.
    case interrupted
    /// The broker does not allow it; it is over.
    case refused(Refusal)
}
