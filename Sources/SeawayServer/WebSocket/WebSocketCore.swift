package import NIOCore

/// What all WebSockets of one event loop share: configuration, clock, counters, compressors, and one flush per loop turn.
package final class WebSocketCore {
    package let configuration: WebSocketConfiguration
    package internal(set) var counters = WebSocketCounters()
    /// As of the last sweep.
    package private(set) var now: Moment
    let pool: CompressionPool
    private let eventLoop: any EventLoop
    /// How it is found out what a client has taken; another way where a test has no socket.
    package var outgoing: (any Channel) -> Outgoing = { Outgoing($0) }
    /// Of unfinished messages, over all peers.
    private var heldBytes = 0
    private var peers: [ObjectIdentifier: WebSocketPeer] = [:]
    /// Those that have something to write at the end of this turn.
    private var waiting: [WebSocketPeer] = []

    /// - Parameter eventLoop: of all peers; nothing here may be called from another thread.
    package init(configuration: WebSocketConfiguration, eventLoop: any EventLoop, now: Moment) {
        self.configuration = configuration
        self.eventLoop = eventLoop
        self.now = now
        self.pool = CompressionPool(configuration.deflate, now: now)
    }

    func enter(_ peer: WebSocketPeer) {
        self.peers[ObjectIdentifier(peer)] = peer
        self.counters.sockets += 1
        self.counters.openSockets = self.peers.count
    }

    func leave(_ peer: WebSocketPeer) {
        self.peers[ObjectIdentifier(peer)] = nil
        self.counters.openSockets = self.peers.count
    }

    /// Counts the bytes that a peer holds of an unfinished message.
    func hold(_ bytes: Int, in counted: inout Int) throws(WebSocketFault) {
        self.heldBytes += bytes - counted
        counted = bytes
        guard bytes == 0 || self.heldBytes <= self.configuration.maxBufferedMessages else { throw .noRoom }
    }

    func release(_ counted: inout Int) {
        self.heldBytes -= counted
        counted = 0
    }

    /// Lets a peer write at the end of this turn, behind all sockets that were ready.
    func willWrite(_ peer: WebSocketPeer) {
        if self.waiting.isEmpty {
            let core = NIOLoopBound(self, eventLoop: self.eventLoop)
            self.eventLoop.execute { core.value.endTurn() }
        }
        self.waiting.append(peer)
    }

    private func endTurn() {
        let peers = self.waiting
        // What is sent from now on is written in the next turn.
        self.waiting = []
        for peer in peers { peer.endTurn() }
        if self.waiting.isEmpty, peers.count <= 4_096 {
            self.waiting = peers
            self.waiting.removeAll(keepingCapacity: true)
        }
    }

    /// Looks for what has waited too long, in every peer.
    package func sweep(at now: Moment) {
        self.now = now
        self.pool.sweep(at: now)
        for peer in self.peers.values { peer.sweep(at: now) }
    }
}

@available(*, unavailable)
extension WebSocketCore: Sendable {}
