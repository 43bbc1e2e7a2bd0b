import SeawayWire

/// The caller's number for a connection; free again after ``Hub/disconnect(_:endMailboxes:now:)``.
package typealias PeerID = Int

/// A connection, as far as delivery goes.
final class Peer {
    let id: PeerID
    /// The common one (R1).
    private(set) lazy var purse = Purse(self)
    var readers: [Reader] = []
    /// Whose turn it was last (D3).
    var turn = 0
    /// It leaves too much unread (D6).
    var isBlocked = false

    init(id: PeerID) { self.id = id }
}

/// Credit, and the frame of a group send that is being filled from it.
final class Purse {
    unowned let peer: Peer
    var credit = 0
    /// The open frame in the fan-out, −1 for none.
    var openFrame = -1
    /// Bytes that names may still take in the open frame's line.
    var roomInLine = 0

    init(_ peer: Peer) { self.peer = peer }

    /// Whether one more message, or one more name in the open frame, can be handed out.
    @inline(__always)
    func accepts(_ nameLength: Int) -> Bool {
        (self.openFrame >= 0 && self.roomInLine >= nameLength) || (self.credit > 0 && !self.peer.isBlocked)
    }

    func grant(_ count: Int) {
        self.credit = count == 0 ? 0 : min(self.credit + count, Request.mostCredit)
    }
}

/// One connection's listening on one name.
final class Reader {
    enum Target {
        case channel(Channel)
        case mailbox(Mailbox)
    }

    unowned let peer: Peer
    let target: Target
    /// The connection's common one, or its own (R2).
    var purse: Purse
    /// Wants `JOINED` and `LEFT` (L5).
    var wantsMembers: Bool

    init(_ peer: Peer, _ target: Target, wantsMembers: Bool) {
        self.peer = peer
        self.target = target
        self.purse = peer.purse
        self.wantsMembers = wantsMembers
    }

    var name: Name {
        switch self.target {
        case .channel(let channel): channel.name
        case .mailbox(let mailbox): mailbox.name
        }
    }

    /// Credit has come: it may be looked at again.
    func wake() {
        if case .channel(let channel) = self.target { channel.isStarved = false }
    }
}
