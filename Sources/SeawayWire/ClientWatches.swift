/// The groups that a client has channels told of, from one connection to the next: a watch ends with its connection
/// (T2).
package struct ClientWatches: Sendable {
    private struct Watch: Hashable {
        let group: String
        let channel: String
    }

    private var watches: Set<Watch> = []

    package init() {}

    /// The broker has answered a `WATCH` with `OK`.
    package mutating func began(_ group: String, _ channel: String) {
        self.watches.insert(Watch(group: group, channel: channel))
    }

    /// It is given up, or will not be granted again.
    package mutating func end(_ group: String, _ channel: String) {
        self.watches.remove(Watch(group: group, channel: channel))
    }

    /// What the next connection has to be told; the whole is told for each then.
    package var lines: [ClientLine] {
        self.watches.map { ClientLine("WATCH", [$0.group, $0.channel]) }
    }
}
