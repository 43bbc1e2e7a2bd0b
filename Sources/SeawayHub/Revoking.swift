package import SeawayWire

/// What a connection has that its token does not allow any more (U6).
extension Hub {
    /// Ends it: listening as if the connection had broken, but that the reader is told `LOST`.
    ///
    /// - Parameters:
    ///   - mayListen: on a channel or mailbox.
    ///   - mayTail: whatever matches a pattern.
    ///   - mayWatch: a group, on a channel.
    package func revoke(
        _ id: PeerID, now: Int, unless mayListen: (Name) -> Bool, _ mayTail: (Pattern) -> Bool,
        _ mayWatch: (Name, Name) -> Bool
    ) {
        let peer = self.peer(id)
        for reader in peer.readers where !mayListen(reader.name) {
            self.effects.append(.lost(id, reader.name))
            peer.remove(reader)
            self.detach(reader, endMailbox: false, now: now)
        }
        self.endTails(of: peer) { !mayTail($0) }
        for watch in peer.watches where !mayWatch(watch.group.name, watch.channel.name) {
            self.unwatch(id, watch.group.name, watch.channel.name)
        }
    }
}
