/// Which groups the channels of our mailboxes are in, as the broker has told (`members=1`, L5).
///
/// The truth about a membership lies with the reader of its channel: what a broker has lost is joined again.
struct Memberships {
    private var groups: [String: Set<String>] = [:]

    mutating func joined(_ group: String, _ channels: [String]) {
        for channel in channels { self.groups[channel, default: []].insert(group) }
    }

    mutating func left(_ group: String, _ channels: [String]) {
        for channel in channels {
            self.groups[channel]?.remove(group)
            if self.groups[channel]?.isEmpty == true { self.groups[channel] = nil }
        }
    }

    /// A channel is over, and all its memberships with it.
    mutating func closed(_ channel: String) { self.groups[channel] = nil }

    /// Forgets the memberships of one mailbox.
    ///
    /// - Returns: what was known: group and channel.
    mutating func take(mailbox: String) -> [(group: String, channel: String)] {
        let channels = self.groups.filter { $0.key.hasPrefix(mailbox) }
        for channel in channels.keys { self.groups[channel] = nil }
        return channels.flatMap { channel, groups in groups.map { ($0, channel) } }
    }

    func contains(_ channel: String, in group: String) -> Bool { self.groups[channel]?.contains(group) == true }
}
