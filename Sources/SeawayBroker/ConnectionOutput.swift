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

    /// Hands a long output over early, and stops pushes and reading when the peer does not take it.
    private func relieve() {
        self.askTransport()
        if self.inTransport == 0 { self.handOver() }
        self.account()
        // Not all that is unread: only of what the transport cannot take will it tell when it was taken.
        let waiting = self.output.readableBytes + self.inTransport
        guard waiting > self.core.configuration.maxUnread else { return }
        self.block(waiting)
    }

    func block(_ waiting: Int) {
        guard !self.isOverfull else { return }
        self.isOverfull = true
        self.core.counters.count(.maxUnread)
        self.core.hub.setBlocked(self.id, true)
        self.transport.setReading(false)
        self.deadlines.output(isOverfull: true, unread: waiting, now: self.core.now)
    }

    func handOver() {
        guard self.output.readableBytes > 0 else { return }
        let output = self.output
        self.usualOutput = min(output.last.readableBytes, ConnectionMemory.mostUsualOutput)
        // First, since the write may at once tell that it was taken.
        self.output = GatheredOutput()
        self.transport.write(output.parts, output.last)
        self.askTransport()
        self.memory.mayBeUnsent = true
        if self.isFull || output.isShared || output.last.readableBytes >= ConnectionMemory.mostRoom {
            self.noteHandOver(output.ownBytes, output.bodies)
        }
    }

    func askTransport() {
        self.inTransport = self.transport.takesMore ? 0 : self.transport.unsent
    }
}
