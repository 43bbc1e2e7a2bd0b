import NIOCore

/// What the client sends.
extension WebSocketPeer {
    /// Takes what was read, as long as somebody wants it.
    func takeInput() {
        // A delegate that stops and resumes reading comes back here: the loop below goes on, no second one begins.
        guard !self.takesInput, !self.isInLine else { return }
        self.takesInput = true
        do throws(WebSocketFault) {
            var frames = Self.quantum
            while self.isReading, self.handshake.isReading, frames > 0,
                let event = try self.input.next(at: self.core.now, atMost: &frames)
            {
                self.take(event)
            }
            try self.hold()
            if frames <= 0, self.isReading, self.handshake.isReading { self.waitForTurn() }
        } catch {
            self.fail(error)
        }
        self.takesInput = false
        if !self.handshake.isReading { self.forgetInput() }
        if self.inputHasEnded, self.isReading { self.end() }
    }

    /// Frames that are taken in one turn (I37).
    private static let quantum = 256

    private func hold() throws(WebSocketFault) {
        let bytes = self.input.messageBytes
        guard bytes > 0 || self.heldBytes > 0 else { return }
        try self.core.hold(bytes, in: &self.heldBytes)
        self.countMessages()
        if bytes > 0, self.memory.isOver { throw .noRoom }
    }

    private func waitForTurn() {
        self.isInLine = true
        self.core.input.wait(self)
    }

    /// Whether more may be read now; otherwise the turn for that comes.
    func isTurnToRead() -> Bool { self.readTurn.isNow(for: self, in: self.core.reads) }

    func readOn() {
        guard self.readIsHeld, self.isReading, !self.isInLine, self.isTurnToRead() else { return }
        self.readIsHeld = false
        self.context?.read()
    }

    private func take(_ event: MessageAssembly.Event) {
        switch event {
        case .none, .pong: break
        case .message(let message):
            guard self.handshake.isOpen else { return }
            self.core.counters.receivedMessages += 1
            self.core.counters.receivedBytes += message.bytes.readableBytes
            self.delegate?.received(message)
        case .ping(let payload):
            guard self.handshake.isOpen else { return }
            self.core.counters.droppedPongs += self.output.pong(payload)
            self.writeSoon()
        case .close(let close):
            // Answers to the client's last messages, if they are there already.
            self.write()
            self.carryOut(self.handshake.received(close, at: self.core.now))
        }
    }

    func forgetInput() {
        self.input.removeAll()
        self.core.release(&self.heldBytes)
        self.countMessages()
    }

    /// The connection is gone; what was read before may still be wanted.
    func clientLeft() {
        if !self.isReading, self.input.count > 0, self.handshake.isReading {
            self.inputHasEnded = true
        } else {
            self.end()
        }
    }
}

extension WebSocketPeer: TurnTaker {
    func takeTurn(_ kind: TurnKind) {
        switch kind {
        case .reads: self.readTurn.comes()
        case .input:
            self.isInLine = false
            self.takeInput()
        }
        self.readOn()
    }
}
