import SeawayWire

/// Where a bridge takes messages from.
package enum ReadingPoint: Hashable, Sendable, CustomStringConvertible {
    /// Takes part in reading a channel: each message goes to one of its readers.
    case channel(String)
    /// Becomes a member of a group: every member gets each message.
    case group(String)

    package var description: String {
        switch self {
        case .channel(let name): "channel \(name)"
        case .group(let name): "group \(name)"
        }
    }

    /// The name to listen on, given a mailbox that nobody else has, and what has to join.
    ///
    /// - Parameter mailbox: such as `bridge.k3f9!`
    package func names(mailbox: String) -> (listen: String, member: String?) {
        switch self {
        case .channel(let name): (name, nil)
        case .group: (mailbox, mailbox + "1")
        }
    }

    /// Whether its name is legal for what it is.
    package var isLegal: Bool {
        switch self {
        case .channel(let name): NameForm(Array(name.utf8).span) != nil
        case .group(let name): NameForm(Array(name.utf8).span) == .normal
        }
    }
}
