import NIOCore

/// What the client is sent.
extension WebSocketPeer {
    /// Writes at the end of this turn of the loop.
    func writeSoon() {
        guard !self.willWrite, self.context != nil else { return }
        self.willWrite = true
        self.core.willWrite(self)
    }

    func endTurn() {
        self.willWrite = false
        self.write()
        if self.memory.isOver, self.memory.bytes(of: .output) > 0, self.handshake.isOpen { self.fail(.noRoom) }
    }

    /// Hands on as much as the channel takes; the rest stays where the policy holds.
    func write() {
        guard let context = self.context, !self.isWriting else { return }
        self.isWriting = true
        while self.writeBatches(to: context) { context.flush() }
        self.isWriting = false
        self.countOutput()
        if self.output.hasClosed { self.handshake.closeWasWritten(at: self.core.now) }
        self.endSide()
        self.reportBlocked()
    }

    /// - Returns: whether there was anything to write.
    private func writeBatches(to context: ChannelHandlerContext) -> Bool {
        var hasWritten = false
        while self.isWritable, let batch = self.output.next(at: self.core.now) {
            self.core.counters.sentMessages += batch.messages
            self.core.counters.sentBytes += batch.bytes.readableBytes
            // Nothing follows the Close frame, so this is the batch that ends with it.
            if let shared = batch.shared {
                self.sharedAhead.append(shared)
            } else {
                self.ownAhead += batch.bytes.readableBytes
            }
            let promise = self.output.hasClosed ? self.sendingOfClose(context.eventLoop) : nil
            context.write(Self.wrapOutboundOut(batch.bytes), promise: promise)
            hasWritten = true
        }
        if hasWritten { self.taken.wrote(at: self.core.now) }
        return hasWritten
    }

    /// Counts what the client has yet to take (I35): of a frame that it shares with others, that it is there.
    private func countOutput() {
        if self.isWritable {
            self.sharedAhead = []
            self.ownAhead = 0
        }
        let bytes = self.output.bytes + self.ownAhead
        if bytes != self.memory.bytes(of: .output) { self.memory.set(.output, to: bytes) }
    }

    private func sendingOfClose(_ eventLoop: any EventLoop) -> EventLoopPromise<Void> {
        let promise = eventLoop.makePromise(of: Void.self)
        promise.futureResult.assumeIsolated().whenSuccess { self.handshake.closeWasSent(at: self.core.now) }
        return promise
    }

    /// Ends the server's side behind the last frame.
    private func endSide() {
        guard !self.handshake.isReading, self.output.isEmpty, !self.sideHasEnded else { return }
        self.sideHasEnded = true
        self.context?.close(mode: .output, promise: nil)
        self.isReading = true
        self.readOn()
    }

    func reportBlocked() {
        guard self.output.isBlocked != self.wasBlocked, self.handshake.isOpen else { return }
        self.wasBlocked = self.output.isBlocked
        // A policy that drops has no end.
        if self.output.policy == .wait { self.clock.outputBlocked(self.wasBlocked, at: self.core.now) }
        if self.wasBlocked { self.core.counters.blocked += 1 }
        self.delegate?.outputBlocked(self.wasBlocked)
    }

    func report(_ reason: WebSocketDrop, count: Int) {
        guard count > 0 else { return }
        self.core.counters.count(reason, count)
        self.delegate?.dropped(reason, count: count)
    }

    func dropOutput() { self.report(.unsent, count: self.output.removeAll()) }
}
