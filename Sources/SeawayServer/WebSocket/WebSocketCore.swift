package import NIOCore

/// What all WebSockets of one event loop share: configuration, clock, counters, compressors, and one flush per loop
/// turn.
package final class WebSocketCore {
    package let configuration: WebSocketConfiguration
    package internal(set) var counters = WebSocketCounters()
    /// As of the last sweep.
    package private(set) var now: Moment
    let pool: CompressionPool
    private let eventLoop: any EventLoop
    /// How it is found out what a client has taken; another way where a test has no socket.
    package var outgoing: (any Channel) -> Outgoing = { Outgoing($0) }
    /// All that is held for clients.
    package let memory: MemoryAccount
    /// Who reads much, and who has sent many frames at once.
    package let reads: LoopTurns
    package let input: LoopTurns
    /// Of unfinished messages, over all peers.
    private var held: BudgetShare
    private let shares: ServerShares?
    private var peers: [ObjectIdentifier: WebSocketPeer] = [:]
    /// Those that have something to write at the end of this turn.
    private var waiting: [WebSocketPeer] = []
    private var pace: WritePace

    /// - Parameters:
    ///   - eventLoop: of all peers; nothing here may be called from another thread.
    ///   - shares: what is counted over several loops.
    package init(
        configuration: WebSocketConfiguration, eventLoop: any EventLoop, now: Moment, shares: ServerShares? = nil,
        memory: MemoryAccount? = nil, reads: LoopTurns? = nil
    ) {
        self.shares = shares
        let memory =
            memory
            ?? MemoryAccount(SharedBudget(limit: .max / 4, loops: 1), addresses: SharedHoldings())
        self.memory = memory
        self.reads = reads ?? LoopTurns(.reads, budget: 8, work: 1, eventLoop: eventLoop)
        self.input = LoopTurns(.input, budget: 8, work: 1, eventLoop: eventLoop)
        self.pace = WritePace(loops: shares?.loops ?? 1)
        self.held = BudgetShare(
            shares?.messages ?? SharedBudget(limit: configuration.maxBufferedMessages, loops: 1))
        self.configuration = configuration
        self.eventLoop = eventLoop
        self.now = now
        self.pool = CompressionPool(configuration.deflate, now: now, memory: memory)
    }

    /// What a socket takes at least, in bytes.
    private static let bytesOfSocket = 8_192

    func enter(_ peer: WebSocketPeer) {
        self.peers[ObjectIdentifier(peer)] = peer
        self.shares?.connections.add()
        self.memory.change(.connections, by: Self.bytesOfSocket)
        self.counters.sockets += 1
        self.counters.openSockets = self.peers.count
    }

    func leave(_ peer: WebSocketPeer) {
        guard self.peers.removeValue(forKey: ObjectIdentifier(peer)) != nil else { return }
        self.shares?.connections.leave()
        self.memory.change(.connections, by: -Self.bytesOfSocket)
        self.counters.openSockets = self.peers.count
    }

    /// Counts the bytes that a peer holds of an unfinished message.
    func hold(_ bytes: Int, in counted: inout Int) throws(WebSocketFault) {
        if bytes != counted { self.held.change(by: bytes - counted) }
        counted = bytes
        guard bytes == 0 || !self.held.isOver else { throw .noRoom }
    }

    func release(_ counted: inout Int) {
        self.held.change(by: -counted)
        counted = 0
    }

    /// Lets a peer write at the end of this turn, behind all sockets that were ready.
    func willWrite(_ peer: WebSocketPeer) {
        if self.waiting.isEmpty { self.endTurnSoon() }
        self.waiting.append(peer)
    }

    private func endTurnSoon() {
        let core = NIOLoopBound(self, eventLoop: self.eventLoop)
        self.atNextPass { core.value.endTurn() }
    }

    /// Does something when sockets are written to again: at the end of this turn, or later where ``WritePace`` says so.
    func atNextPass(_ body: @escaping @Sendable () -> Void) {
        let deadline = self.pace.isFree ? nil : self.pace.deadline(at: NIODeadline.now().uptimeNanoseconds)
        guard let deadline else { return self.eventLoop.execute(body) }
        self.eventLoop.scheduleTask(deadline: .uptimeNanoseconds(deadline), body)
    }

    private func endTurn() {
        let peers = self.waiting
        let isLong = peers.count > WritePace.few
        let start = isLong ? NIODeadline.now().uptimeNanoseconds : 0
        // What is sent from now on is written in the next turn.
        self.waiting = []
        for peer in peers { peer.endTurn() }
        if isLong { self.pace.passed(peers.count, from: start, to: NIODeadline.now().uptimeNanoseconds) }
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
