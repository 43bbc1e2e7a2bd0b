package import SeawayWire

/// What the caller must do because of a call, besides using its result and releasing bodies (``Hub/takeReleased(_:)``);
/// in order, before it answers.
package enum HubEffect: Hashable, Sendable {
    /// Push `JOINED`.
    case joined(PeerID, group: Name, [Name])
    /// Push `LEFT`.
    case left(PeerID, group: Name, [Name])
    /// Push `LOST`.
    case lost(PeerID, Name)
    /// Something that waits may have become deliverable: ask ``Hub/next(for:now:)``.
    case deliverable(PeerID)
    /// There is something to tell: ask ``Hub/nextNews()`` and ``Hub/nextReport()`` when the turn ends.
    case news
    /// Give back what a store has, to be delivered again after so many milliseconds (D22).
    case giveBack(Name, UInt64, after: Int)
    /// Make it a dead letter, or drop it.
    case giveUp(StoredEnd)
    /// Have it done; nobody waits to be told.
    case finish(Name, UInt64)
    /// Have it done, and say so (``Hub/confirmed(_:of:now:)``).
    case confirm(Name, UInt64)
}

/// What became of a message.
package enum SendOutcome: Hashable, Sendable {
    /// Push it to this connection now; its credit is taken and the body not referenced.
    case handed(PeerID)
    /// The same to one that is to acknowledge it: the body has one reference until it does (D9).
    case held(PeerID, Handover)
    /// It waits: the body has one reference.
    case stored
    case refused(WireRefusal)
}

/// What became of a group send.
package struct GroupOutcome: Hashable, Sendable {
    /// Members that get it, now or later.
    package var sent = 0
    package var full = 0
    package var gone = 0
    /// How many references the body has.
    package var stored = 0

    package init(sent: Int = 0, full: Int = 0, gone: Int = 0, stored: Int = 0) {
        self.sent = sent
        self.full = full
        self.gone = gone
        self.stored = stored
    }
}

/// One message out of the backlog, to be pushed now.
package struct WaitingDelivery: Hashable, Sendable {
    package let body: BodyID
    package let group: Name?
    /// The channels that it is for; each holds one reference to the body, which the caller releases.
    package let names: [Name]
    /// It is to be acknowledged: the reference stays until it is.
    package var handover: Handover?
    /// It is a dead letter.
    package var death: Death?
}

/// The frames of the latest group send, to be pushed now.
///
/// Names lie in one array, chained by frame, so that a send to a thousand connections makes no thousand arrays.
package struct Fanout: Sendable {
    package struct Frame: Sendable {
        package let peer: PeerID
        fileprivate let first: Int
        fileprivate var last: Int
    }

    private struct Node: Sendable {
        let name: Name
        var next = -1
    }

    package private(set) var frames: [Frame] = []
    private var nodes: [Node] = []

    mutating func open(_ peer: PeerID, _ name: Name) -> Int {
        self.nodes.append(Node(name: name))
        self.frames.append(Frame(peer: peer, first: self.nodes.count - 1, last: self.nodes.count - 1))
        return self.frames.count - 1
    }

    mutating func add(_ name: Name, to frame: Int) {
        self.nodes.append(Node(name: name))
        self.nodes[self.frames[frame].last].next = self.nodes.count - 1
        self.frames[frame].last = self.nodes.count - 1
    }

    mutating func removeAll() {
        self.frames.removeAll(keepingCapacity: true)
        self.nodes.removeAll(keepingCapacity: true)
    }

    /// Calls `body` with each channel of a frame.
    @inline(__always)
    package func forEachName(of frame: Frame, _ body: (Name) -> Void) {
        var node = frame.first
        while node >= 0 {
            body(self.nodes[node].name)
            node = self.nodes[node].next
        }
    }
}
