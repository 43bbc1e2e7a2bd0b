import NIOCore
import SeawayHub
import SeawayNIO
import SeawayWire

/// How what is gathered for a connection comes to its transport, and what happens when that takes no more (D6, M4, M7).
extension Connection {
    /// Appends a frame whose body is shared with others.
    func gather(shared body: SharedBody, behind write: (inout ByteBuffer) -> Void) {
        if case .closed = self.state { return }
        self.gather(write)
        self.output.append(shared: body)
        self.lookAtOutput()
    }

    @inline(__always)
    func lookAtOutput() {
        let gathered = self.output.readableBytes
        let most = self.core.configuration.maxUnread
        if gathered > most / 2 || gathered + self.inTransport > most { self.relieve() }
    }

    /// Hands some of a long output over early, while the turn lasts, and stops pushes and reading until the peer has
    /// taken enough of it.
    private func relieve() {
        self.askTransport()
        if self.inTransport == 0, !self.core.turns.isOver(at: self.core.hub.work) { self.handOver() }
        self.account()
        // Not all that is unread: only of what the transport cannot take will it tell when it was taken.
        guard self.output.readableBytes + self.inTransport > self.core.configuration.maxUnread else { return }
        self.block()
    }

    func block() {
        guard !self.isOverfull else { return }
        self.isOverfull = true
        self.core.hub.setBlocked(self.id, true)
        self.transport.setReading(false)
        self.noteStuck()
    }

    /// From now on it is the peer that leaves too much unread, which is counted once, and has its time limit (M4).
    func noteStuck() {
        guard !self.isStuck, self.inTransport > 0 else { return }
        self.isStuck = true
        self.core.counters.count(.maxUnread)
        self.deadlines.output(isOverfull: true, unread: self.unread, now: self.core.now)
    }

    /// Hands a piece over.
    func handOver() {
        guard self.output.readableBytes > 0 else { return }
        // First, since the write may at once tell that it was taken.
        let output = self.output.removeFirst(most: ConnectionMemory.mostAtOnce)
        self.usualOutput = min(output.last.readableBytes, ConnectionMemory.mostUsualOutput)
        self.core.hub.work += Work.write + output.readableBytes * Work.byte
        self.transport.write(output.parts, output.last)
        self.askTransport()
        self.memory.mayBeUnsent = true
        if self.isFull || output.isShared || output.last.readableBytes >= ConnectionMemory.mostRoom {
            self.noteHandOver(output.ownBytes, output.bodies)
        }
    }

    /// Has the rest leave in its turn: so much would keep others waiting.
    func flushInPieces() {
        guard !self.flushesInPieces else { return }
        self.flushesInPieces = true
        self.core.flushInPieces(self)
    }

    /// Its turn to hand a piece of much over has come.
    func flushPiece() {
        self.flushesInPieces = false
        if case .closed = self.state { return }
        self.flush()
        self.noteTaken()
    }

    func askTransport() {
        self.inTransport = self.transport.takesMore ? 0 : self.transport.unsent
    }
}
