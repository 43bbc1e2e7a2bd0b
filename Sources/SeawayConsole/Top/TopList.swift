/// What `seaway top` can list; the names are those of `STATS`.
package enum TopList: String, CaseIterable, Hashable, Sendable {
    case channels, groups, connections
}

/// What `seaway top` can look into.
package enum TopTarget: Hashable, Sendable {
    /// The messages that wait on a channel.
    case channel(String)
    /// The members of a group.
    case group(String)
}
