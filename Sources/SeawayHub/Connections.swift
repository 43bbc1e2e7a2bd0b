/// The connections by their numbers, each of which is used again.
final class Connections {
    private var peers: [Peer?] = []
    private var free: [PeerID] = []
    private let owed: AnswersOwed
    private let demands: Demands

    init(_ owed: AnswersOwed, _ demands: Demands) {
        self.owed = owed
        self.demands = demands
    }

    /// Beyond every number that one has.
    var end: Int { self.peers.count }

    func open(_ payer: PayerID) -> PeerID {
        let id = self.free.popLast() ?? self.peers.count
        let peer = Peer(id: id, payer: payer, self.owed, self.demands)
        if id == self.peers.count { self.peers.append(peer) } else { self.peers[id] = peer }
        return id
    }

    func close(_ id: PeerID) {
        self.peers[id] = nil
        self.free.append(id)
    }

    @inline(__always)
    subscript(_ id: PeerID) -> Peer {
        guard let peer = self.peers[id] else { preconditionFailure("connection \(id) is not connected") }
        return peer
    }

    /// Whether one has not left meanwhile.
    func contains(_ peer: Peer) -> Bool { peer.id < self.peers.count && self.peers[peer.id] === peer }
}
